package io.tidemill.serving;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A connection on which a test says each byte itself. */
final class RawClient implements AutoCloseable {
  private static final int PATIENCE_MS = 20_000;

  private final Socket socket;
  private final DataInputStream in;

  RawClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(socket.getInputStream());
  }

  /** An answer that has come whole. */
  record Answer(int status, List<String> headers, String body) {
    String header(String name) {
      return headers.stream()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse("none");
    }
  }

  static String post(String path, String body, String... headers) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + String.join("", headers)
        + "\r\n"
        + body;
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** The next final answer: what only says that one will come is skipped. */
  Answer answer() throws IOException {
    Answer answer = anyAnswer();
    return answer.status() < 200 ? answer() : answer;
  }

  void leave() throws IOException {
    socket.close();
  }

  boolean isAtEnd() throws IOException {
    return in.read() < 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private Answer anyAnswer() throws IOException {
    int status = Integer.parseInt(line().split(" ", 3)[1]);
    List<String> headers = new ArrayList<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      headers.add(line);
    }
    Answer head = new Answer(status, headers, "");
    String length = head.header("Content-Length");
    byte[] body = new byte[length.equals("none") ? 0 : Integer.parseInt(length)];
    in.readFully(body);
    return new Answer(status, headers, new String(body, StandardCharsets.UTF_8));
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("closed behind \"" + line + "\"");
      }
      if (next == '\n') {
        return line.toString().strip();
      }
      line.append((char) next);
    }
  }
}
