package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a real server, which gives a body back and breaks off what says so. */
final class LoadLoopTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private URI url;
  private final AtomicInteger asked = new AtomicInteger();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          byte[] body = exchange.getRequestBody().readAllBytes();
          if (body.length == 1) {
            throw new IOException("broken off");
          }
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void everyRequestOfAClosedLoopGetsItsAnswer() {
    List<Answer> answers = new ArrayList<>();
    try (LoadLoop load = new LoadLoop(url, request(new byte[3_000]), 3)) {
      load.closedLoop(() -> answers.size() < 20, answers::add);
    }

    assertTrue(answers.size() >= 20);
    assertEquals(asked.get(), answers.size());
    assertTrue(answers.stream().allMatch(one -> one.status() == 200 && one.body().length == 3_000));
  }

  @Test
  void anOpenLoopSendsWhatIsDueAndCountsWhatFindsNoConnection() {
    List<Answer> answers = new ArrayList<>();
    long unsent;
    try (LoadLoop load = new LoadLoop(url, request(new byte[10]), 1)) {
      unsent = load.openLoop(() -> 4_000, () -> answers.size() < 5, answers::add);
    }

    assertTrue(unsent > 0, "four were due in each millisecond, on one connection");
    assertEquals(asked.get(), answers.size());
  }

  @Test
  void aConnectionThatBreaksIsOpenedAnew() {
    List<Answer> answers = new ArrayList<>();
    try (LoadLoop load = new LoadLoop(url, request(new byte[1]), 1)) {
      load.closedLoop(() -> answers.size() < 3, answers::add);
    }

    assertTrue(answers.size() >= 3);
    assertTrue(answers.stream().allMatch(one -> one.status() == 0));
  }

  private byte[] request(byte[] body) {
    return new Question(Map.of("Content-Type", "application/json"), body)
        .request(url.getAuthority(), "/");
  }
}
