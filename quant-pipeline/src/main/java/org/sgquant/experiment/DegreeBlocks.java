package org.sgquant.experiment;

import org.sgquant.quant.DegreeBuckets;

/** First node of every degree bucket and the end, and the edges of its nodes, each with its self loop. */
record DegreeBlocks(int[] bounds, int[] edges) {

    static DegreeBlocks of(DegreeBuckets buckets, int[] degrees) {
        int[] edges = new int[buckets.count()];
        for (int degree : degrees) {
            edges[buckets.bucketOf(degree)] += degree + 1;
        }
        return new DegreeBlocks(buckets.bounds(degrees), edges);
    }
}
