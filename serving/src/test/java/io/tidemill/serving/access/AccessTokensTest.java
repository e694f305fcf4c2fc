package io.tidemill.serving.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AccessTokensTest {
  private static final String ASK = "a token is needed: send Authorization: Bearer TOKEN, ";
  private static final AccessTokens BOTH =
      AccessTokens.of(Map.of("TIDEMILL_TOKEN", "root", "TIDEMILL_INFER_TOKEN", "guest"));

  @ParameterizedTest
  @EnumSource(Scope.class)
  void everybodyMayWhereThereIsNoToken(Scope scope) {
    assertEquals(Optional.empty(), AccessTokens.NONE.refusal(scope, Optional.empty()));
  }

  @Test
  void aVariableThatIsEmptyIsNotSet() {
    assertEquals(AccessTokens.NONE, AccessTokens.of(Map.of("TIDEMILL_TOKEN", " ")));
  }

  @Test
  void theAdminsTokenAloneKeepsNobodyFromAskingModels() {
    AccessTokens tokens = AccessTokens.of(Map.of("TIDEMILL_TOKEN", "root"));

    assertEquals(Optional.empty(), tokens.refusal(Scope.INFER, Optional.empty()));
    assertEquals(
        Optional.of(ASK + "the server's TIDEMILL_TOKEN"),
        tokens.refusal(Scope.ADMIN, Optional.empty()));
  }

  @ParameterizedTest
  @CsvSource({
    "PUBLIC, , true",
    "PUBLIC, Bearer wrong, true",
    "INFER, Bearer guest, true",
    "INFER, Bearer root, true",
    "INFER, bearer guest, true",
    "INFER, , false",
    "INFER, guest, false",
    "INFER, Bearer, false",
    "INFER, Bearer gues, false",
    "INFER, Bearer guest1, false",
    "INFER, Bearer Guest, false",
    "INFER, Basic guest, false",
    "ADMIN, Bearer root, true",
    "ADMIN, Bearer guest, false",
    "ADMIN, , false",
  })
  void onlyTheTokenOfTheScopeIsLetPass(Scope scope, String authorization, boolean mayPass) {
    Optional<String> refusal = BOTH.refusal(scope, Optional.ofNullable(authorization));

    assertEquals(mayPass, refusal.isEmpty(), refusal.toString());
  }

  @Test
  void saysWhichTokenIsMissing() {
    assertEquals(
        ASK + "the server's TIDEMILL_INFER_TOKEN or TIDEMILL_TOKEN",
        BOTH.refusal(Scope.INFER, Optional.empty()).orElseThrow());
    assertEquals(
        "this token may only ask models: send Authorization: Bearer TOKEN, the server's"
            + " TIDEMILL_TOKEN",
        BOTH.refusal(Scope.ADMIN, Optional.of("Bearer guest")).orElseThrow());
  }

  @Test
  void aTokenForModelsAloneWouldLeaveTheRestOpen() {
    EngineException e =
        assertThrows(
            EngineException.class, () -> AccessTokens.of(Map.of("TIDEMILL_INFER_TOKEN", "guest")));

    assertEquals(
        "TIDEMILL_INFER_TOKEN is set and TIDEMILL_TOKEN is not: set both, or whoever may not ask"
            + " models could still change them",
        e.getMessage());
  }

  @Test
  void twoScopesWantTwoSecrets() {
    Map<String, String> same = Map.of("TIDEMILL_TOKEN", "x", "TIDEMILL_INFER_TOKEN", "x");

    EngineException e = assertThrows(EngineException.class, () -> AccessTokens.of(same));

    assertEquals(
        "TIDEMILL_INFER_TOKEN is the same as TIDEMILL_TOKEN: expected another secret, or whoever"
            + " may ask models could also change them",
        e.getMessage());
  }

  @Test
  void aPortThatOthersReachWantsAToken() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> AccessTokens.NONE.sufficeOn("--http-host", "0.0.0.0", "running programs"));

    assertEquals(
        "--http-host 0.0.0.0 can be reached from other machines and nothing keeps them from running"
            + " programs: set TIDEMILL_TOKEN to a secret, or listen on 127.0.0.1",
        e.getMessage());
    assertEquals(BOTH, BOTH.sufficeOn("--host", "0.0.0.0", "running programs"));
    assertEquals(
        AccessTokens.NONE, AccessTokens.NONE.sufficeOn("--host", "127.0.0.1", "running programs"));
  }

  @Test
  void showsNoSecret() {
    assertFalse(BOTH.toString().contains("root"));
    assertFalse(BOTH.toString().contains("guest"));
  }
}
