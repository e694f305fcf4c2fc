package io.tidemill.dsl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.dsl.Stream.MapFunction;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.KeyedProcess;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LambdaTypesTest {
  record Click(int page, String user) {}

  record Visit(String user) {}

  static class Count extends KeyedProcess<String, Click, Visit> {
    @Override
    public void process(String user, Click click, Context<Visit> context) {
      context.emit(new Visit(user));
    }
  }

  static final class CountAgain extends Count {}

  static final class Generic<O> extends KeyedProcess<String, Click, O> {
    @Override
    public void process(String user, Click click, Context<O> context) {}
  }

  @Test
  void boxesTheIntThatAMethodReferenceReturns() {
    MapFunction<Click, Integer> page = Click::page;

    assertEquals(Integer.class, LambdaTypes.resultOf(page, "keyBy by-page"));
  }

  @Test
  void findsTheRecordThatALambdaReturns() {
    String site = "tidemill/";
    MapFunction<Click, Visit> visit = click -> new Visit(site + click.user());

    assertEquals(Visit.class, LambdaTypes.resultOf(visit, "map visits"));
  }

  @Test
  void asksForTheTypeWhereTheFunctionDoesNotTell() {
    MapFunction<Click, Object> anything = Click::user;
    MapFunction<Click, List<Visit>> visits = click -> List.of(new Visit(click.user()));

    assertRefused(
        "map visits: cannot tell which type the function returns (found java.lang.Object);"
            + " give it as a parameter: map visits, Type.class, function",
        () -> LambdaTypes.resultOf(anything, "map visits"));
    assertRefused(
        "map visits: cannot tell which type the function returns (found java.util.List);"
            + " give it as a parameter: map visits, Type.class, function",
        () -> LambdaTypes.resultOf(visits, "map visits"));
  }

  @Test
  void refusesAFunctionThatIsNoLambda() {
    assertRefused(
        "map visits: expected a lambda or method reference, found " + ToVisit.class.getName(),
        () -> LambdaTypes.resultOf(new ToVisit(), "map visits"));
  }

  @Test
  void readsKeyAndOutputOffAProcessThatExtendsItsBaseDirectly() {
    Count count = new Count();

    assertEquals(String.class, count.keyType());
    assertEquals(Visit.class, count.outputType());
  }

  @Test
  void refusesAProcessThatExtendsItsBaseThroughAnother() {
    assertRefused(
        CountAgain.class.getName()
            + " has to extend KeyedProcess<K, I, O> directly, with classes that are not generic;"
            + " found "
            + Count.class,
        CountAgain::new);
  }

  @Test
  void refusesAProcessWhoseOutputIsATypeVariable() {
    assertRefused(
        Generic.class.getName()
            + " has to extend KeyedProcess<K, I, O> directly, with classes that are not generic;"
            + " found io.tidemill.operator.KeyedProcess<java.lang.String, "
            + Click.class.getName()
            + ", O>",
        () -> new Generic<Visit>().outputType());
  }

  private static void assertRefused(String sentence, Executable what) {
    EngineException failure = assertThrows(EngineException.class, what);
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
    assertEquals(sentence, failure.getMessage());
  }

  record ToVisit() implements MapFunction<Click, Visit> {
    @Override
    public Visit apply(Click click) {
      return new Visit(click.user());
    }
  }
}
