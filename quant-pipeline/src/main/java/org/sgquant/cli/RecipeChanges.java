package org.sgquant.cli;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Predicate;
import org.sgquant.report.Json;

/** What options of a command line change in a recipe: a tree of only those keys that an option was given for. */
final class RecipeChanges {

    private final ObjectNode tree = JsonNodeFactory.instance.objectNode();
    private final Predicate<String> given;

    RecipeChanges(Predicate<String> given) {
        this.given = given;
    }

    boolean isGiven(String option) {
        return given.test(option);
    }

    boolean isRecipeNamed() {
        return given.test("--recipe");
    }

    /** Sets the key at {@code pointer} where {@code option} was given. */
    RecipeChanges set(String option, String pointer, Object value) {
        if (isGiven(option)) {
            put(pointer, value);
        }
        return this;
    }

    /** Sets the key at {@code pointer}; null turns off what is there. */
    void put(String pointer, Object value) {
        JsonPointer key = JsonPointer.compile(pointer);
        tree.withObject(key.head()).set(key.last().getMatchingProperty(), Json.node(value));
    }

    ObjectNode tree() {
        return tree;
    }
}
