package io.tidemill.cluster.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ApiTokensTest {
  @Test
  void anybodyOnThisMachineMayWhereThereIsNoToken() {
    assertTrue(ApiTokens.on("127.0.0.1", Optional.empty()).admits(Optional.empty()));
  }

  @Test
  void portThatOthersReachWantsToken() {
    EngineException refusal =
        assertThrows(EngineException.class, () -> ApiTokens.on("0.0.0.0", Optional.empty()));
    assertEquals(
        "--http-host 0.0.0.0 can be reached from other machines and nothing keeps them from running"
            + " programs: set TIDEMILL_TOKEN to a secret, or listen on 127.0.0.1",
        refusal.getMessage());
  }

  @Test
  void onlyTheTokenItselfIsAdmitted() {
    ApiTokens tokens = ApiTokens.on("0.0.0.0", Optional.of("secret"));

    assertTrue(tokens.admits(Optional.of("Bearer secret")));
    assertFalse(tokens.admits(Optional.of("Bearer secreT")));
    assertFalse(tokens.admits(Optional.of("secret")));
    assertFalse(tokens.admits(Optional.empty()));
  }
}
