package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.device.SumTree;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A gang with a memory for each of its hosts, all in this process. */
final class ShardTreeTest {
  private final Device device = Devices.open("cpu");
  private final List<AutoCloseable> open = new ArrayList<>(List.of(device));

  @TempDir Path folder;

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  @Test
  void aHostSendsOneSumOfAnAlignedRunAndTheFewestOfAnother() {
    assertEquals(List.of(0), shards(gang(8, "1+1", 0), 0));
    assertEquals(List.of(4), shards(gang(8, "1+1", 0), 1));
    assertEquals(List.of(0), shards(gang(8, "1+1+1", 0), 0));
    assertEquals(List.of(2, 4), shards(gang(8, "1+1+1", 0), 1));
    assertEquals(List.of(5, 6), shards(gang(8, "1+1+1", 0), 2));
    assertEquals(List.of(0, 2), shards(gang(6, "1+1", 0), 0));
    assertEquals(List.of(3, 4), shards(gang(6, "1+1", 0), 1));
  }

  @ParameterizedTest
  @CsvSource({
    "2, 1+1",
    "3, 1+1",
    "6, 1+1",
    "8, 1+1",
    "6, 2+1",
    "8, 1+2",
    "8, 1+1+1",
    "12, 1+2+1",
    "24, 2+3+1"
  })
  void everyHostComesToTheBitsOfTheTreeOverAllShards(int shards, String hosts) {
    int floats = (int) gang(shards, hosts, 0).layout().floats();
    List<DeviceBuffer> gradients = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      gradients.add(buffer(random(floats, shard)));
    }
    DeviceBuffer expected = buffer(new float[floats]);
    device.treeSum(SumTree.of(gradients), expected, 0, floats);

    int count = GangHosts.parse(hosts).count();
    for (int host = 0; host < count; host++) {
      Gang own = gang(shards, hosts, host);
      for (int other = 0; other < count; other++) {
        Gang theirs = other == host ? own : gang(shards, hosts, other);
        for (int shard = 0; shard < shards; shard++) {
          if (theirs.hostOfShard(shard) == other) {
            theirs.gradientOf(shard).write(0, MemorySegment.ofArray(read(gradients.get(shard))));
          }
        }
        for (ShardTree.Part part : theirs.shardTree().partsOf(other)) {
          if (other != host) {
            DeviceBuffer sum = theirs.gradientOf(part.shard());
            device.treeSum(part.tree(), sum, 0, floats);
            own.gradientOf(part.shard()).write(0, MemorySegment.ofArray(read(sum)));
          }
        }
      }

      device.treeSum(own.gradientTree(), own.gradientOf(0), 0, floats);

      assertArrayEquals(bits(expected), bits(own.gradientOf(0)), "host " + host);
    }
  }

  private static List<Integer> shards(Gang gang, int host) {
    return gang.shardTree().partsOf(host).stream().map(ShardTree.Part::shard).toList();
  }

  private Gang gang(int shards, String hosts, int host) {
    Training<float[]> training = TinyTraining.training(shards);
    GangHosts lie = GangHosts.parse(hosts);
    GangIdentity identity = new GangIdentity("digits", "net", 7, lie, "f00d", 42, "0.1.0", "cpu");
    Path path = folder.resolve("gang-" + open.size());
    GangFile file = GangFile.create(path, identity, folder, training, device);
    open.add(file);
    Gang gang = new Gang(training, device, lie, host, file);
    open.add(gang);
    return gang;
  }

  private DeviceBuffer buffer(float[] floats) {
    DeviceBuffer buffer = device.allocate(floats.length);
    open.add(buffer);
    buffer.write(0, MemorySegment.ofArray(floats));
    return buffer;
  }

  private static float[] random(int floats, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[floats];
    for (int i = 0; i < floats; i++) {
      numbers[i] = (float) (random.nextDouble() - 0.5) * (1 << random.nextInt(20));
    }
    return numbers;
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[(int) buffer.floats()];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }

  private static int[] bits(DeviceBuffer buffer) {
    float[] floats = read(buffer);
    int[] bits = new int[floats.length];
    for (int i = 0; i < floats.length; i++) {
      bits[i] = Float.floatToRawIntBits(floats[i]);
    }
    return bits;
  }
}
