package org.sgquant.reproduce;

import java.util.List;
import org.sgquant.data.GraphCollection;
import org.sgquant.experiment.GraphLevelExperiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Recipe;
import org.sgquant.model.Model;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.RunReport;

/** A recipe on the graphs of a collection; bytes are those of the packed inference of a fold's test graphs. */
final class GraphBench implements Subject.Bench {

    private final GraphLevelExperiment experiment;

    GraphBench(GraphCollection graphs, Lanes lanes, Recipe recipe) {
        this.experiment = GraphLevelExperiment.of(recipe.wholeGraphs().tags().of(graphs), lanes, recipe);
    }

    @Override
    public Subject.Trained train(long seed) {
        GraphLevelExperiment.Trained t =
                experiment.lanes().run(lane -> experiment.train(lane.backend(), Math.toIntExact(seed)));
        return new Subject.Trained(t.validation(), t.test(), t.seconds(), t.weights());
    }

    @Override
    public Subject.Packed quantize(long seed, List<float[][]> weights, BitAssignment bits) {
        GraphLevelExperiment.Trained start =
                new GraphLevelExperiment.Trained(Math.toIntExact(seed), weights, null, null, 0);
        GraphLevelExperiment.Packed p =
                experiment.lanes().run(lane -> experiment.quantize(lane.backend(), start, bits));
        return new Subject.Packed(
                p.validation(), p.test(), p.seconds(), p.cells(), RunReport.Memory.of(p.memory(), p.peakBytes()), null);
    }

    @Override
    public Model model() {
        return experiment.model();
    }
}
