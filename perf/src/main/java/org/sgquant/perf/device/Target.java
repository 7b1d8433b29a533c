package org.sgquant.perf.device;

import java.util.List;

/** A speed that the kernels are built for, to be held against what was measured on a data-centre GPU. */
record Target(String graph, String operation, String type, int columns, Goal goal, double wanted) {

    /** What is compared. */
    enum Goal {
        OVER_CUSPARSE_FP32("times cuSPARSE fp32"),
        OVER_CUSPARSE_FP16("times cuSPARSE fp16"),
        PERCENT_OF_COPY("% of a copy");

        private final String words;

        Goal(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** Quotients are those of times: cuSPARSE's over ours. */
    static final List<Target> ALL = List.of(
            sum("reddit", 128, "q8", Goal.OVER_CUSPARSE_FP32, 3.5),
            sum("reddit", 128, "q4", Goal.OVER_CUSPARSE_FP32, 6),
            sum("reddit", 128, "q2", Goal.OVER_CUSPARSE_FP32, 9),
            sum("reddit", 128, "q1", Goal.OVER_CUSPARSE_FP32, 10),
            sum("reddit", 128, "q8", Goal.OVER_CUSPARSE_FP16, 1.8),
            sum("reddit", 128, "q4", Goal.OVER_CUSPARSE_FP16, 3.3),
            sum("reddit", 256, "q8", Goal.OVER_CUSPARSE_FP32, 3.8),
            sum("reddit", 256, "q4", Goal.OVER_CUSPARSE_FP32, 7),
            sum("reddit", 256, "q2", Goal.OVER_CUSPARSE_FP32, 12),
            sum("reddit", 256, "q1", Goal.OVER_CUSPARSE_FP32, 18),
            sum("products", 100, "q8", Goal.OVER_CUSPARSE_FP32, 3.3),
            sum("products", 100, "q4", Goal.OVER_CUSPARSE_FP32, 6.5),
            sum("products", 100, "q2", Goal.OVER_CUSPARSE_FP32, 8),
            sum("products", 128, "q8", Goal.OVER_CUSPARSE_FP32, 3.3),
            sum("products", 128, "q4", Goal.OVER_CUSPARSE_FP32, 6.5),
            sum("products", 128, "q2", Goal.OVER_CUSPARSE_FP32, 8),
            sum("products", 128, "q8", Goal.PERCENT_OF_COPY, 85),
            new Target("products", "pack", "q8", 128, Goal.PERCENT_OF_COPY, 85),
            new Target("products", "pack", "q4", 128, Goal.PERCENT_OF_COPY, 85));

    private static Target sum(String graph, int columns, String type, Goal goal, double wanted) {
        return new Target(graph, "spmm", type, columns, goal, wanted);
    }
}
