package io.tidemill.transport.aeron;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.exceptions.AeronException;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.AeronSettings.Threading;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.AgentInvoker;

/**
 * A process's way into Aeron: a media driver of its own, or that of another process of the host.
 *
 * <p>Confined to one thread, which calls {@link #invoke} again and again: acknowledgements, and
 * with {@link Threading#POLLER} all sending and receiving, happen in there.
 */
public final class AeronClient implements AutoCloseable {
  /** Above any pause of a process that is still welcome: who judges silence is the group. */
  private static final long LIVENESS_NS = TimeUnit.SECONDS.toNanos(60);

  private static final long CONNECTION_NS = TimeUnit.SECONDS.toNanos(30);

  private final AeronSettings settings;
  private final Optional<MediaDriver> driver;
  private final Aeron aeron;

  /** Empty where the driver runs on threads that are not ours. */
  private final Optional<AgentInvoker> driverWork;

  private final AgentInvoker clientWork;
  private final AtomicLong errors;

  private AeronClient(
      AeronSettings settings, Optional<MediaDriver> driver, Aeron aeron, AtomicLong errors) {
    this.settings = settings;
    this.driver = driver;
    this.aeron = aeron;
    this.errors = errors;
    driverWork = driver.map(MediaDriver::sharedAgentInvoker);
    clientWork = aeron.conductorAgentInvoker();
  }

  /**
   * Starts a media driver in this process.
   *
   * @throws EngineException RESOURCE where it does not start, for example because another process
   *     runs one in the same directory
   */
  @SuppressWarnings("MustBeClosedChecker") // what is returned closes both
  public static AeronClient embedded(AeronSettings settings) {
    AtomicLong errors = new AtomicLong();
    MediaDriver driver;
    try {
      driver = MediaDriver.launch(driverContext(settings, errors));
    } catch (RuntimeException e) {
      throw failure("the media driver in " + settings.directory() + " did not start", e);
    }
    try {
      Aeron.Context context = clientContext(settings, errors);
      context.driverAgentInvoker(driver.sharedAgentInvoker());
      return new AeronClient(settings, Optional.of(driver), Aeron.connect(context), errors);
    } catch (RuntimeException e) {
      driver.close();
      throw failure("no connection to the own media driver in " + settings.directory(), e);
    }
  }

  /**
   * Uses the media driver that another process, or another client of this one, runs in the
   * directory of the settings; waits up to a minute for it.
   */
  public static AeronClient ofDirectory(AeronSettings settings) {
    AtomicLong errors = new AtomicLong();
    try {
      Aeron aeron = Aeron.connect(clientContext(settings, errors));
      return new AeronClient(settings, Optional.empty(), aeron, errors);
    } catch (RuntimeException e) {
      throw failure("no media driver answers in " + settings.directory(), e);
    }
  }

  public AeronSettings settings() {
    return settings;
  }

  /** Lets the client, and the driver where it is this thread's, do what there is to do. */
  public int invoke() {
    int work = driverWork.isPresent() ? driverWork.get().invoke() : 0;
    return work + clientWork.invoke();
  }

  /** How often the driver or the client has reported an error. */
  public long errors() {
    return errors.get();
  }

  /**
   * Listens for processes of other hosts.
   *
   * @param endpoint numeric {@code ip:port}; port 0 for a free one
   */
  public Listener listenUdp(String endpoint) {
    try {
      Subscription subscription = aeron.addSubscription("aeron:udp?endpoint=" + endpoint, 1);
      String resolved = subscription.resolvedEndpoint();
      while (resolved == null) { // Aeron says so until the driver has bound the port
        invoke();
        Thread.onSpinWait();
        resolved = subscription.resolvedEndpoint();
      }
      return new Listener(this, subscription, new Address("aeron:udp?endpoint=" + resolved, 1));
    } catch (AeronException e) {
      throw failure("cannot listen at " + endpoint, e);
    }
  }

  /** Listens for processes that use the same media driver. */
  public Listener listenIpc() {
    int stream = (int) aeron.nextCorrelationId();
    Subscription subscription = aeron.addSubscription("aeron:ipc", stream);
    return new Listener(this, subscription, new Address("aeron:ipc", stream));
  }

  /** A stream to who listens there; confined to this thread. */
  public ExclusivePublication publish(Address address) {
    try {
      return aeron.addExclusivePublication(address.channel(), address.stream());
    } catch (AeronException e) {
      throw failure("cannot send to " + address, e);
    }
  }

  @Override
  public void close() {
    aeron.close();
    driver.ifPresent(MediaDriver::close);
  }

  private static MediaDriver.Context driverContext(AeronSettings settings, AtomicLong errors) {
    boolean isOwn = settings.threading() == Threading.OWN;
    return new MediaDriver.Context()
        .aeronDirectoryName(settings.directory().toString())
        .dirDeleteOnStart(true)
        .dirDeleteOnShutdown(true)
        .threadingMode(isOwn ? ThreadingMode.SHARED : ThreadingMode.INVOKER)
        .mtuLength(settings.mtuBytes())
        .ipcMtuLength(settings.mtuBytes())
        .publicationTermBufferLength(settings.termBytes())
        .ipcTermBufferLength(settings.termBytes())
        .initialWindowLength(settings.windowBytes())
        .socketRcvbufLength(settings.socketBytes())
        .socketSndbufLength(settings.socketBytes())
        .clientLivenessTimeoutNs(LIVENESS_NS)
        .publicationUnblockTimeoutNs(2 * LIVENESS_NS)
        .imageLivenessTimeoutNs(CONNECTION_NS)
        .publicationConnectionTimeoutNs(CONNECTION_NS)
        .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(LIVENESS_NS))
        .errorHandler(_ -> errors.incrementAndGet());
  }

  /** Aeron's own handler of errors ends the process. */
  private static Aeron.Context clientContext(AeronSettings settings, AtomicLong errors) {
    return new Aeron.Context()
        .aeronDirectoryName(settings.directory().toString())
        .useConductorAgentInvoker(true)
        .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(LIVENESS_NS))
        .errorHandler(_ -> errors.incrementAndGet())
        .subscriberErrorHandler(
            error -> {
              throw error instanceof EngineException told
                  ? told
                  : new EngineException(ErrorCode.INTERNAL, "a frame was not understood", error);
            });
  }

  private static EngineException failure(String what, RuntimeException cause) {
    return new EngineException(
        ErrorCode.RESOURCE, "aeron: " + what + ": " + cause.getMessage(), cause);
  }
}
