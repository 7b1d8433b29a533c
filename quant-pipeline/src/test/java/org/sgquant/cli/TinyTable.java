package org.sgquant.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A table over a generated graph of 200 nodes: three rows that share their fp32 training. */
final class TinyTable {

    static final String ROWS = """
            rows:
              - name: exact
                recipe: tiny
              - name: four
                recipe: tiny
                bits: 4 L1.embedding=1
                target: {accuracy: 20, bitsInner: 4, drop: 100}
                published:
                  - {method: A2Q, accuracy: 80.9, sd: 0.6, bits: 1.7, chosen: best test epoch,
                     counted: inputs of layer 2, accounting: a2q, source: recalled}
              - name: two, shorter
                recipe: tiny
                with: {fineTune: {epochs: 2}}
                bits: 2
            """;

    private TinyTable() {}

    /** Writes the graph and a table of {@code rows} over it into {@code folder}. */
    static Path write(Path folder, String rows) {
        List<String> graph = Cli.graph(folder.resolve("graph"));
        String text = """
                title: Tiny
                head: A table for tests.
                seeds: 2
                meanDrop: 50
                recipes:
                  tiny:
                    dataset: {name: files, edges: "%s", features: "%s", labels: "%s", split: "%s"}
                    train: {epochs: 30}
                    fineTune: {epochs: 4}
                """.formatted(graph.get(1), graph.get(3), graph.get(5), graph.get(7)) + rows;
        try {
            return Files.writeString(folder.resolve("tiny.yaml"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
