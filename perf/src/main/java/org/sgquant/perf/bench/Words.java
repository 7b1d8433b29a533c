package org.sgquant.perf.bench;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** Words of a command line that must be one of a few. */
final class Words {

    private Words() {}

    /** Refuses {@code word} unless it is one of {@code choices}; the sentence has the nearest ones first. */
    static void require(String what, String word, List<String> choices) {
        if (!choices.contains(word)) {
            throw new IllegalArgumentException(what + " '" + word + "' does not exist: "
                    + nearest(word, choices)
                            .map(near -> "did you mean " + near + "? ")
                            .orElse("") + "choose "
                    + String.join(", ", choices));
        }
    }

    /** By picocli's measure, which is that of its own suggestions. */
    private static Optional<String> nearest(String word, List<String> choices) {
        CommandLine line = new CommandLine(CommandLine.Model.CommandSpec.create());
        choices.forEach(choice -> line.addSubcommand(choice, CommandLine.Model.CommandSpec.create()));
        try {
            line.parseArgs(word);
            return Optional.empty();
        } catch (CommandLine.UnmatchedArgumentException e) {
            return e.getSuggestions().stream().findFirst();
        }
    }
}
