package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.train.TrainConfig;

class BitLearningTest {

    private static final TrainConfig SHORT = new TrainConfig(3, 0.005f, 0.005f, 100);

    @Test
    void widthsOfDegreeClassesAreLearnedWithinTheTargetAndPackAsAnyOther() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 2, 1)) {
            Experiment experiment = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "4"));
            List<Experiment.Trained> models = experiment.train(0, 2, t -> {});
            DegreeBuckets classes = DegreeBuckets.doubling(dataset.degrees());
            assertThat(classes.count()).isGreaterThan(2);
            BitAssignment start =
                    SmallModels.parse(experiment, dataset, "4 L1.embedding=1").withBuckets(classes);
            BitLearning learning = new BitLearning(experiment, new BitLearning.Settings(2.5, 100, 3, SHORT));
            List<BitAssignment> measured = new ArrayList<>();
            BitAssignment learned = learning.run(models, start, measured::add);
            assertThat(measured).hasSize(3).startsWith(start);
            assertThat(learning.run(models, start, b -> {})).isEqualTo(learned);
            assertThat(learned.buckets()).isEqualTo(classes);
            assertThat(learned.widths(Cell.parse("L1.embedding"))).isEqualTo(start.widths(Cell.parse("L1.embedding")));
            assertThat(learned).isNotEqualTo(start);
            assertThat(SmallModels.parse(experiment, dataset, learned.toString()))
                    .isEqualTo(learned);
            Experiment.Packed packed = lanes.run(lane -> experiment.quantize(lane, models.get(0), learned, SHORT));
            assertThat(packed.memory().bitsInner()).isBetween(1.5, 2.5);
        }
    }
}
