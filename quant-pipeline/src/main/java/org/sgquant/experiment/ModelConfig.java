package org.sgquant.experiment;

import org.sgquant.data.Dataset;
import org.sgquant.model.Gcn;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;

/** Which model, with which hyper-parameters. */
public record ModelConfig(String name, GcnConfig gcn) {

    public static final ModelConfig DEFAULT = new ModelConfig("gcn", GcnConfig.DEFAULT);

    public ModelConfig {
        if (!name.equals("gcn")) {
            throw new IllegalArgumentException("model '" + name + "' does not exist: choose gcn");
        }
    }

    /** The model for the sizes of {@code data}, self loops added, with {@code numClasses} outputs. */
    public Model create(Dataset data, int numClasses) {
        int edges = data.graph().numEdges() + data.numNodes();
        return new Gcn(gcn, data.numNodes(), edges, data.numFeatures(), numClasses);
    }

    /** The model for the sizes of {@code input}. */
    public Model create(GraphInput input) {
        return new Gcn(gcn, input);
    }
}
