package org.sgquant.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.experiment.ModelSettings;
import org.sgquant.experiment.Recipe;
import org.sgquant.kernels.TrainingLibraries;

/** Keys of results: rows that differ only in what does not decide a result share it. */
final class RecipesTest {

    private static final String LABELS = "objective: {labels: forward, noise: 0.2}";

    /** Recipe of a row that changes {@code with}, a YAML mapping, in the usual one. */
    private static Recipe recipe(String with, String bits) {
        String table = """
                title: Keys
                head: A table for tests.
                seeds: 1
                rows:
                  - name: row
                    with: {%s}
                    bits: %s
                """.formatted(with, bits);
        Tables.Named named = Tables.parse("keys", "keys.yaml", table);
        return Recipes.of(named, named.table().rows().get(0), model -> base());
    }

    private static Recipe base() {
        return new Recipe(
                new Recipe.Data("cora", null, null, null, null, true, 0, 0, null),
                new ModelSettings(Map.of("name", "gcn")),
                new Recipe.Training(200, 0.01f, 0.01f, 100),
                new Recipe.Training(100, 0.005f, 0.005f, 100),
                null,
                new Recipe.Quantization("row", "rowmean", "column", "mse", "nearest", false, null),
                null,
                new Recipe.Storage("auto"),
                null,
                "32",
                0);
    }

    private static String training(String with) {
        return Recipes.trainingKey(recipe(with, "4"), "graph", TrainingLibraries.NONE);
    }

    private static String packed(String with) {
        return Recipes.key(recipe(with, "4"), "graph", TrainingLibraries.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fineTune: {epochs: 3, learningRate: 0.1}",
                "quantization: {innerCalibration: minmax, weights: {powers: nearest, shares: [1]}}",
                "qat: {learnedSteps: true, stepRate: 1, protection: \"0:0.1\"}",
                "storage: {featuresForm: dense}",
                "storage: null",
                "objective: {labels: plain, distillWeight: 0.5, distillTemperature: 2}",
            })
    void whatComesAfterTrainingDecidesOnlyThePackedModel(String with) {
        assertThat(training(with)).isEqualTo(training(""));
        assertThat(packed(with)).isNotEqualTo(packed(""));
    }

    @Test
    void widthsShareTheTraining() {
        assertThat(Recipes.trainingKey(recipe("", "2"), "graph", TrainingLibraries.NONE))
                .isEqualTo(training(""));
        assertThat(Recipes.key(recipe("", "2"), "graph", TrainingLibraries.NONE))
                .isNotEqualTo(packed(""));
    }

    @Test
    void distillationIsNoPartOfTheLossThatTrainingMinimises() {
        String distilled = LABELS.replace("}", ", distillWeight: 0.5, distillTemperature: 2}");
        assertThat(training(distilled)).isEqualTo(training(LABELS));
        assertThat(packed(distilled)).isNotEqualTo(packed(LABELS));
    }

    @Test
    void whatDecidesTrainingIsInItsKey() {
        List<String> keys = new ArrayList<>();
        for (String with : List.of(
                "",
                "train: {epochs: 3}",
                "train: {finalLearningRate: 0}",
                "model: {hidden: 17}",
                LABELS,
                LABELS.replace("0.2", "0.1"),
                LABELS.replace("forward", "backward"),
                "graphs: {nodeTags: degree}",
                "graphs: {batch: 7}")) {
            keys.add(training(with));
        }
        keys.add(Recipes.trainingKey(base(), "other graph", TrainingLibraries.NONE));
        keys.add(Recipes.trainingKey(base().withBits("32", 1), "graph", TrainingLibraries.NONE));
        assertThat(keys).doesNotHaveDuplicates();
    }

    @Test
    void librariesThatTrainAreInBothKeysAndOurOwnKernelsAreAsIfUnnamed() {
        List<String> keys = new ArrayList<>(List.of(training(""), packed("")));
        for (TrainingLibraries libraries : List.of(
                new TrainingLibraries("cublas-bf16", "own"),
                new TrainingLibraries("own", "cusparse"),
                new TrainingLibraries("cublas-bf16", "cusparse"),
                new TrainingLibraries("nd4j", "own"))) {
            keys.add(Recipes.trainingKey(recipe("", "4"), "graph", libraries));
            keys.add(Recipes.key(recipe("", "4"), "graph", libraries));
        }
        assertThat(keys).doesNotHaveDuplicates();
        // What ledgers have under RESULTS 4; libraries go in where there are any.
        assertThat(training("")).isEqualTo("f062121e4ece828e87acfc6900b022494adf266d817146f71fc8fb5a2a4ab368");
    }

    @Test
    void aSectionOfDefaultsIsAsIfItWereAbsent() {
        for (String with : List.of("graphs: {}", "graphs: {nodeTags: given}", "graphs: {batch: 32, nodeTags: given}")) {
            assertThat(training(with)).as(with).isEqualTo(training(""));
            assertThat(packed(with)).as(with).isEqualTo(packed(""));
        }
    }
}
