package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.Component;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.search.Bounds;
import org.sgquant.search.Cost;
import org.sgquant.search.Objective;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.Study;
import org.sgquant.search.Trial;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.TrainConfig;

/** Searches that choose among integers and floats, on a GCN with attention. */
final class SearchedFormatsTest {

    private static final int TRIALS = 12;
    private static final List<Integer> MIXED = List.of(2, 4, BitWidth.E2M1.id(), BitWidth.E4M3.id());

    private static final List<Integer> FEATURES = List.of(1, BitWidth.E2M1.id());

    private static final Recipe RECIPE = SmallModels.recipe(true, "transform-first", "4");

    private static BitSpace space(Experiment experiment, Dataset dataset, DegreeBuckets buckets, List<Integer> inner) {
        return new BitSpace(experiment.model(), buckets, dataset.degrees(), RECIPE.quantConfig(), FEATURES, inner);
    }

    @ParameterizedTest
    @EnumSource
    void everyStrategyFindsValidConfigurationsOfExactlyTheBytesThatItClaims(Strategies strategy) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 2);
                Study study = Study.inMemory()) {
            Experiment experiment = SmallModels.experiment(lanes, RECIPE);
            List<Experiment.Trained> starts = experiment.train(0, 1, t -> {});
            // Too large to be listed where the strategy draws its candidates.
            DegreeBuckets buckets = strategy == Strategies.ABS ? new DegreeBuckets(3) : DegreeBuckets.NONE;
            BitSpace space = space(experiment, dataset, buckets, MIXED);
            TrainConfig none = RECIPE.fineTune().config().withEpochs(0);
            BitSearch.Outcome outcome = new BitSearch(
                            experiment, space, new BitSearch.Goal(Objective.INNER, Bounds.drop(10), false), none)
                    .run(
                            starts,
                            strategy.create(experiment, space, starts, none, 0),
                            null,
                            study,
                            new SearchSettings(TRIALS, 0, 1),
                            SearchListener.NONE);
            List<Trial> trials = outcome.result().trials();
            // Fewer where nothing that costs less than the best is left.
            assertThat(trials)
                    .hasSizeBetween(1, TRIALS)
                    .allMatch(trial -> space.space().contains(trial.bits()));
            assertThat(trials).as("floats are tried").anyMatch(SearchedFormatsTest::hasFloat);
            assertThat(study.trials()).isEqualTo(trials);
            Trial mixed = trials.stream()
                    .filter(SearchedFormatsTest::hasFloat)
                    .findFirst()
                    .orElseThrow();
            for (Trial trial : List.of(outcome.result().best(), mixed)) {
                checkBytes(experiment, space, starts.getFirst(), trial);
            }
        }
    }

    private static boolean hasFloat(Trial trial) {
        return trial.bits().stream().anyMatch(id -> BitWidth.ofId(id).isFloat());
    }

    private static void checkBytes(Experiment experiment, BitSpace space, Experiment.Trained start, Trial trial) {
        TrainConfig none = RECIPE.fineTune().config().withEpochs(0);
        Cost claimed = trial.measurement().cost();
        experiment.lanes().run(lane -> {
            try (QuantizedModel model = experiment.fineTuned(lane, start, space.assignment(trial.bits()), none)) {
                model.pack();
                assertThat(claimed.innerBytes())
                        .as(trial.names())
                        .isEqualTo(model.memory().innerStoredBytes())
                        .isEqualTo(space.storedBytes(space.assignment(trial.bits()), false));
                assertThat(trial.measurement().storedBytes())
                        .as(trial.names())
                        .isEqualTo(model.memory().storedBytes());
            }
            return null;
        });
    }

    @Test
    void attentionTakesTheIntegersAlone() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Experiment experiment = SmallModels.experiment(lanes, RECIPE);
            BitSpace space = space(experiment, dataset, new DegreeBuckets(3), MIXED);
            int attention = 0;
            for (int i = 0; i < space.space().dimensions().size(); i++) {
                boolean edges = space.cell(i).component() == Component.ATTENTION;
                boolean features = i == 0;
                assertThat(space.space().dimensions().get(i).choices())
                        .as(space.space().dimensions().get(i).cell())
                        .isEqualTo(features ? FEATURES : edges ? List.of(2, 4) : MIXED);
                attention += edges ? 1 : 0;
            }
            assertThat(attention).isPositive();
            assertThatThrownBy(() -> space(experiment, dataset, DegreeBuckets.NONE, List.of(BitWidth.E4M3.id())))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("attention: attention and edge weights are integers that are summed, give an"
                            + " integer width or 32 instead of e4m3");
        }
    }
}
