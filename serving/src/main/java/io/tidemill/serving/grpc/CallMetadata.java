package io.tidemill.serving.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.tidemill.serving.traffic.StickyKey;
import java.util.Optional;

/** Keeps what the metadata of a call says beside its message: {@code x-sticky-key}. */
final class CallMetadata implements ServerInterceptor {
  private static final Metadata.Key<String> STICKY_KEY =
      Metadata.Key.of("x-sticky-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<StickyKey> KEY =
      Context.keyWithDefault("sticky-key", StickyKey.NONE);

  /** Of whom the call that is being handled is. */
  static StickyKey stickyKey() {
    return KEY.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String key = headers.get(STICKY_KEY);
    if (key == null) {
      return next.startCall(call, headers);
    }
    Context context = Context.current().withValue(KEY, new StickyKey(Optional.of(key)));
    return Contexts.interceptCall(context, call, headers, next);
  }
}
