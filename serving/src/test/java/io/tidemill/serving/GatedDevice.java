package io.tidemill.serving;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.device.Executable;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import io.tidemill.program.Segment;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The real CPU device with a gate before each run, so that a test decides when a batch computes.
 *
 * <p>The gate is open at first. Any thread.
 */
public final class GatedDevice implements Device {
  private static final long DEADLINE_S = 30;

  private final Device cpu = Devices.open("cpu");
  private final Lock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Execution> openExecutions = new ArrayList<>();
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final List<Float> firstInputs = new CopyOnWriteArrayList<>();
  private boolean isHeld;
  private int waiting;
  private int runsBeforeFailures;
  private int failuresLeft;

  /** From now on runs wait at the gate. */
  public void hold() {
    locked(() -> isHeld = true);
  }

  /** Lets all runs through, those that wait and those that come. */
  public void open() {
    locked(() -> isHeld = false);
  }

  /** The next run that passes the gate fails instead. */
  public void failNextRun() {
    failRunsAfter(0, 1);
  }

  /** After {@code runs} that go well, {@code failures} runs that pass the gate fail. */
  public void failRunsAfter(int runs, int failures) {
    locked(
        () -> {
          runsBeforeFailures = runs;
          failuresLeft = failures;
        });
  }

  /** Blocks until {@code count} runs wait at the gate. */
  public void awaitHeldRuns(int count) throws InterruptedException {
    lock.lock();
    try {
      long leftNs = TimeUnit.SECONDS.toNanos(DEADLINE_S);
      while (waiting < count) {
        leftNs = changed.awaitNanos(leftNs);
        if (leftNs <= 0) {
          throw new AssertionError("runs at the gate: expected " + count + ", found " + waiting);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Executions that were made and not closed. */
  public int openExecutions() {
    lock.lock();
    try {
      return openExecutions.size();
    } finally {
      lock.unlock();
    }
  }

  /** The first number of the input called input in each run so far. */
  public List<Float> firstInputs() {
    return List.copyOf(firstInputs);
  }

  /** Buffers that were made and not closed. */
  public long openBuffers() {
    lock.lock();
    try {
      return buffers.stream().filter(GatedDevice::isOpen).count();
    } finally {
      lock.unlock();
    }
  }

  private static boolean isOpen(DeviceBuffer buffer) {
    try {
      buffer.read(0, MemorySegment.ofArray(new float[1]));
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  @Override
  public String description() {
    return cpu.description();
  }

  @Override
  public Optional<String> unavailable(Precision precision) {
    return cpu.unavailable(precision);
  }

  @Override
  public Executable compile(Program program, Precision precision) {
    return new GatedExecutable(cpu.compile(program, precision));
  }

  @Override
  public DeviceBuffer allocate(long floats) {
    DeviceBuffer buffer = cpu.allocate(floats);
    locked(() -> buffers.add(buffer));
    return buffer;
  }

  @Override
  public void treeSum(SumTree tree, DeviceBuffer out, long from, long to) {
    cpu.treeSum(tree, out, from, to);
  }

  @Override
  public void scale(DeviceBuffer buffer, float factor, long from, long to) {
    cpu.scale(buffer, factor, from, to);
  }

  @Override
  public void average(
      DeviceBuffer averages, DeviceBuffer news, float momentum, long from, long to) {
    cpu.average(averages, news, momentum, from, to);
  }

  @Override
  public void clear(DeviceBuffer buffer, long from, long to) {
    cpu.clear(buffer, from, to);
  }

  @Override
  public void copy(DeviceBuffer source, DeviceBuffer target, long from, long to) {
    cpu.copy(source, target, from, to);
  }

  @Override
  public double sumOfSquares(DeviceBuffer buffer, long from, long to) {
    return cpu.sumOfSquares(buffer, from, to);
  }

  @Override
  public void update(
      Optimizer optimizer,
      long step,
      DeviceBuffer parameters,
      SumTree gradient,
      List<DeviceBuffer> moments,
      long from,
      long to) {
    cpu.update(optimizer, step, parameters, gradient, moments, from, to);
  }

  @Override
  public void close() {
    cpu.close();
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void pass() {
    lock.lock();
    try {
      waiting++;
      changed.signalAll();
      while (isHeld) {
        changed.awaitUninterruptibly();
      }
      waiting--;
      if (runsBeforeFailures > 0) {
        runsBeforeFailures--;
      } else if (failuresLeft > 0) {
        failuresLeft--;
        throw new IllegalStateException("the run was told to fail");
      }
    } finally {
      lock.unlock();
    }
  }

  private final class GatedExecutable implements Executable {
    private final Executable executable;

    GatedExecutable(Executable executable) {
      this.executable = executable;
    }

    @Override
    public Program program() {
      return executable.program();
    }

    @Override
    public long peakBytes() {
      return executable.peakBytes();
    }

    @Override
    public List<Segment> segments() {
      return executable.segments();
    }

    @Override
    public Execution newExecution() {
      Execution execution = new GatedExecution(executable.newExecution());
      locked(() -> openExecutions.add(execution));
      return execution;
    }
  }

  private final class GatedExecution implements Execution {
    private final Execution execution;

    GatedExecution(Execution execution) {
      this.execution = execution;
    }

    @Override
    public MemorySegment input(String name) {
      return execution.input(name);
    }

    @Override
    public MemorySegment output(String name) {
      return execution.output(name);
    }

    @Override
    public MemorySegment touchedRows(String parameter) {
      return execution.touchedRows(parameter);
    }

    @Override
    public void run(DeviceBuffer parameters) {
      pass();
      firstInputs.add(execution.input("input").get(ValueLayout.JAVA_FLOAT, 0));
      execution.run(parameters);
    }

    @Override
    public void run(int segment, DeviceBuffer parameters, DeviceBuffer gradients) {
      pass();
      execution.run(segment, parameters, gradients);
    }

    @Override
    public void run(DeviceBuffer parameters, DeviceBuffer gradients) {
      pass();
      execution.run(parameters, gradients);
    }

    @Override
    public Optional<String> findNonFinite(DeviceBuffer parameters, DeviceBuffer gradients) {
      return execution.findNonFinite(parameters, gradients);
    }

    @Override
    public void close() {
      execution.close();
      locked(() -> openExecutions.remove(this));
    }
  }
}
