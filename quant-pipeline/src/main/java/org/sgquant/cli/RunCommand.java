package org.sgquant.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.Component;
import org.sgquant.tensor.BitWidth;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The main job: train in fp32, search bits, fine-tune, pack, and evaluate the packed integers. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Train in fp32, search bits (or take those of --recipe), fine-tune, pack, and evaluate the packed"
                + " integers.")
final class RunCommand implements Callable<Integer> {

    /** Uniform widths of every inner cell that the result is compared with. */
    private static final List<Integer> COMPARED = List.of(4, 3, 2);

    private static final Cell FEATURES = new Cell(1, Component.EMBEDDING);

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    GraphOptions graphs;

    @Mixin
    SearchOptions search;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 3;

    @Option(names = "--no-compare", description = "Skip the comparison with inner cells at 4, 3 and 2 bits.")
    boolean noCompare;

    @Mixin
    LayerOptions layers;

    @Mixin
    ResultOptions result;

    @Mixin
    ReportOptions page;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        search.maxDrop = result.maxDrop();
        search.apply(model.named().search(), model::isGiven);
        if (GraphPipeline.serves(data)) {
            return classifyGraphs();
        }
        graphs.refuseThoseOfGraphs(data);
        result.check();
        page.check(search.study);
        search.check();
        search.share(common);
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds, Integer.MAX_VALUE)) {
            boolean searched = searches();
            BitAssignment bits = searched
                    ? pipeline.search(search, Sgquant.arguments(spec))
                    : trained(
                            pipeline, layers.over(pipeline::parse, model.named().bits()));
            if (search.isWorker()) {
                return ExitCode.OK;
            }
            if (searched && !pipeline.isWithinBounds()) {
                common.console().info("search: no trial is within the bounds; taking the one of least drop");
            }
            pipeline.quantize(bits);
            if (!noCompare) {
                pipeline.compare(uniformInner(pipeline, bits));
            }
            int code = result.finish(pipeline, common.json);
            if (searched) {
                search.note(bits, pipeline.report());
            }
            page.write(() -> pipeline.page(searched ? List.of(search.notes()) : List.of()));
            return code;
        }
    }

    private static BitAssignment trained(Pipeline pipeline, BitAssignment bits) {
        pipeline.train();
        return bits;
    }

    /** Bits are searched unless the recipe has some, and neither it nor an option says how to search. */
    private boolean searches() {
        boolean search = model.named().bits() == null
                || model.named().search() != null
                || CommandSpec.forAnnotatedObject(new SearchOptions()).options().stream()
                        .anyMatch(option -> model.isGiven(option.longestName()));
        if (search) {
            model.noteUnusedBits(common.console());
            layers.refuse("run searches the bits; give it a recipe that has bits, or take quantize --bits");
        }
        return search;
    }

    /** Whole graphs: no search, every inner cell takes the first of {@link #COMPARED} unless the recipe has bits. */
    private int classifyGraphs() {
        result.checkWithoutModel();
        page.refuseForWholeGraphs();
        try (GraphPipeline pipeline = new GraphPipeline(common, data, model, graphs)) {
            String chosen = model.named().bits();
            BitAssignment bits =
                    layers.over(pipeline::parse, chosen == null ? COMPARED.get(0) + " " + FEATURES + "=1" : chosen);
            pipeline.train();
            pipeline.quantize(bits);
            if (!noCompare) {
                pipeline.compare(COMPARED.subList(1, COMPARED.size()));
            }
            return result.finish(pipeline.report(), pipeline.testDrop(), common.json);
        }
    }

    private static Map<String, BitAssignment> uniformInner(Pipeline pipeline, BitAssignment chosen) {
        BitWidth features = chosen.widths(FEATURES).get(0);
        Map<String, BitAssignment> others = new LinkedHashMap<>();
        for (int q : COMPARED) {
            others.put("inner " + q, pipeline.parse(q + " " + FEATURES + "=" + features));
        }
        return others;
    }
}
