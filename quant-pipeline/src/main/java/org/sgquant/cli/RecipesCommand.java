package org.sgquant.cli;

import java.util.Locale;
import org.sgquant.experiment.PartialRecipe;
import org.sgquant.experiment.RecipeSchema;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The presets that {@code --recipe} takes. */
@Command(
        name = "recipes",
        mixinStandardHelpOptions = true,
        description = "List the presets of --recipe; show one as YAML to start your own from; print the JSON Schema.")
final class RecipesCommand implements Runnable {

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Override
    public void run() {
        if (json) {
            System.out.println(Json.write(PartialRecipe.presets()));
            return;
        }
        PartialRecipe.presets()
                .forEach(preset -> System.out.println(
                        String.format(Locale.ROOT, "%-16s %s", preset.name(), preset.description())));
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Print a preset as YAML.")
    void show(@Parameters(paramLabel = "NAME", description = "One of 'sgquant recipes'.") String name) {
        System.out.print(PartialRecipe.text(name));
    }

    @Command(name = "schema", mixinStandardHelpOptions = true, description = "Print the JSON Schema of recipes.")
    void schema() {
        System.out.print(RecipeSchema.text());
    }
}
