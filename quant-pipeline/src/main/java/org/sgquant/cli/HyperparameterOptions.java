package org.sgquant.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sgquant.experiment.Models;
import org.sgquant.model.GcnConfig;
import picocli.CommandLine.Option;

/** Which model, and its hyper-parameters; what is not given is at the model's own default. */
final class HyperparameterOptions {

    @Option(
            names = "--model",
            paramLabel = "NAME",
            completionCandidates = Models.Names.class,
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    String model = Models.names().get(0);

    @Option(names = "--layers", paramLabel = "N", description = "Layers.")
    Integer layers;

    @Option(names = "--hidden", paramLabel = "N", description = "Hidden units, per head where there are heads.")
    Integer hidden;

    @Option(names = "--heads", paramLabel = "N", description = "Attention heads of a hidden layer.")
    Integer heads;

    @Option(names = "--dropout", paramLabel = "P", description = "Dropout of a layer's input.")
    Float dropout;

    @Option(names = "--attention-dropout", paramLabel = "P", description = "Dropout of attention.")
    Float attentionDropout;

    @Option(names = "--message-dropout", paramLabel = "P", description = "gat: dropout of what is aggregated.")
    Float messageDropout;

    @Option(names = "--weight-decay", paramLabel = "X", description = "L2 penalty.")
    Float weightDecay;

    @Option(
            names = "--norm",
            paramLabel = "MODE",
            description = "folded: the GCN norm scales rows; edge: one quantizable weight per edge, SGQuant's"
                    + " attention (default: folded).")
    String norm;

    @Option(
            names = "--order",
            paramLabel = "MODE",
            description = "auto, transform-first or aggregate-first, for layers whose message is 32 bits"
                    + " (default: auto).")
    String order;

    @Option(
            names = "--normalization",
            paramLabel = "KIND",
            description = "gin, sage: batch, layer or none, before the activation.")
    String normalization;

    @Option(
            names = "--residual",
            negatable = true,
            description = "gin, sage: a layer adds its input where the widths agree.")
    Boolean residual;

    @Option(names = "--pooling", paramLabel = "KIND", description = "gin: sum or mean over the nodes of a graph.")
    String pooling;

    @Option(
            names = "--read-out",
            paramLabel = "KIND",
            description = "gin: linear, or mlp with a hidden layer on what all layers read.")
    String readOut;

    /** Gives every edge a weight that can be quantized: the norm of a GCN; other models have attention or nothing. */
    void weighEdges() {
        if (model.equals(GcnConfig.DEFAULT.name())) {
            norm = GcnConfig.Norm.EDGE.toString();
        }
    }

    /** Changes the model of a recipe; a setting that it does not have is refused there. */
    void addTo(RecipeChanges changes) {
        changes.set("--model", "/model/name", model);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layers", layers);
        settings.put("hidden", hidden);
        settings.put("heads", heads);
        settings.put("dropout", dropout);
        settings.put("attentionDropout", attentionDropout);
        settings.put("messageDropout", messageDropout);
        settings.put("weightDecay", weightDecay);
        settings.put("norm", norm);
        settings.put("order", order);
        settings.put("normalization", normalization);
        settings.put("residual", residual);
        settings.put("pooling", pooling);
        settings.put("readOut", readOut);
        settings.forEach((key, value) -> {
            if (value != null) {
                changes.put("/model/" + key, value);
            }
        });
    }
}
