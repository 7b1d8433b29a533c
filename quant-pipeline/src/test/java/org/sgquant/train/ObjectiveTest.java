package org.sgquant.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.Gcn;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Parameters;
import org.sgquant.train.Objective.Distillation;
import org.sgquant.train.Objective.LabelLoss;

final class ObjectiveTest {

    @Test
    void theNoiseMatrixOfThreeClassesAndItsInverse() {
        float[][] noise = new Objective(LabelLoss.FORWARD, 0.4, null).noiseMatrix(3);
        assertThat(noise[0]).containsExactly(new float[] {0.6f, 0.2f, 0.2f}, within(1e-7f));
        float[][] inverse = new Objective(LabelLoss.BACKWARD, 0.4, null).noiseMatrix(3);
        assertThat(inverse[1]).containsExactly(new float[] {-0.5f, 2, -0.5f}, within(1e-6f));
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0.3", "3, 0.6", "7, 0.2", "40, 0.9"})
    void theInverseUndoesTheNoise(int classes, double rate) {
        float[][] noise = new Objective(LabelLoss.FORWARD, rate, null).noiseMatrix(classes);
        float[][] inverse = new Objective(LabelLoss.BACKWARD, rate, null).noiseMatrix(classes);
        for (int i = 0; i < classes; i++) {
            for (int j = 0; j < classes; j++) {
                double sum = 0;
                for (int k = 0; k < classes; k++) {
                    sum += (double) noise[i][k] * inverse[k][j];
                }
                assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-5));
            }
        }
    }

    @Test
    void refusesNoiseThatLeavesNothingToLearn() {
        assertThatThrownBy(() -> new Objective(LabelLoss.FORWARD, 0.5, null).noiseMatrix(2))
                .hasMessage("label noise 0.5 is too much for a loss on 2 classes to correct");
        assertThatThrownBy(() -> new Objective(LabelLoss.PLAIN, 1, null)).hasMessageContaining("[0, 1)");
        assertThatThrownBy(() -> new Distillation(1.5f, 1)).hasMessageContaining("1.5:1.0");
        assertThatThrownBy(() -> LabelLoss.parse("sideways")).hasMessageContaining("plain, forward or backward");
    }

    /** The teacher speaks of every node, the labels of the training nodes alone. */
    @Test
    void aStudentLearnsWhatItsTeacherSaysOfNodesWithoutLabels() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                GraphInput input = new GraphInput(dataset, backend)) {
            float[][] teacher = new float[dataset.numNodes()][dataset.numClasses()];
            for (int i = 0; i < teacher.length; i++) {
                teacher[i][dataset.labels()[i]] = 4;
            }
            Metrics labelsAlone = test(Objective.PLAIN, null, input, backend);
            Metrics taught = test(new Objective(LabelLoss.PLAIN, 0, new Distillation(1, 1)), teacher, input, backend);
            assertThat(taught.accuracy()).isGreaterThan(labelsAlone.accuracy());
            assertThat(taught.loss()).isLessThan(labelsAlone.loss());
        }
    }

    private static Metrics test(Objective objective, float[][] teacher, GraphInput input, Backend backend) {
        Gcn gcn = new Gcn(GcnConfig.DEFAULT, input);
        try (Parameters student = new Parameters(gcn.parameters(), backend);
                Trainer trainer = new Trainer(
                        gcn, input, student, null, new Trainer.Task(objective, teacher, Map.of()), backend)) {
            student.initialize(5);
            trainer.train(new TrainConfig(100, 0.05f, 0.05f, 100), 5);
            return Trainer.evaluate(gcn, input, student, input.test(), backend);
        }
    }
}
