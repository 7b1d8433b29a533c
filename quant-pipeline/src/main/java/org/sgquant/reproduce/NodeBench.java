package org.sgquant.reproduce;

import java.util.List;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Recipe;
import org.sgquant.model.Model;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.RunReport;

/** A recipe on the nodes of a graph. */
final class NodeBench implements Subject.Bench {

    private final Experiment experiment;

    NodeBench(Lanes lanes, Recipe recipe) {
        this.experiment = Experiment.of(lanes, recipe);
    }

    @Override
    public Subject.Trained train(long seed) {
        Experiment.Trained t = experiment.train(seed, 1, ended -> {}).get(0);
        return new Subject.Trained(t.validation(), t.test(), t.seconds(), t.weights());
    }

    @Override
    public Subject.Packed quantize(long seed, List<float[][]> weights, BitAssignment bits) {
        Experiment.Trained start = new Experiment.Trained(seed, weights, null, null, 0);
        Experiment.Packed p =
                experiment.quantize(List.of(start), bits, ended -> {}).get(0);
        return new Subject.Packed(
                p.validation(),
                p.test(),
                p.fineTuneSeconds(),
                p.cells(),
                RunReport.Memory.of(p.memory(), p.peakBytes()),
                () -> experiment.inferenceSeconds(p, bits));
    }

    @Override
    public Model model() {
        return experiment.model();
    }
}
