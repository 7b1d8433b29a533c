package org.sgquant.cli;

import java.nio.file.Path;
import org.sgquant.data.DatasetDownloader;
import org.sgquant.data.Datasets;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists and fetches datasets. */
@Command(name = "datasets", mixinStandardHelpOptions = true, description = "List known datasets, or fetch one.")
final class DatasetsCommand implements Runnable {

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Folder to look in first.")
    Path dataDir;

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    /** Lists what is known and where it was found. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Known datasets and where they were found.")
    void list() {
        run();
    }

    /** Fetches a dataset into the cache folder. */
    @Command(
            name = "get",
            mixinStandardHelpOptions = true,
            description = "Fetch a dataset from its publisher into the cache folder, checked by SHA-256.")
    void get(@Parameters(paramLabel = "NAME", description = "Dataset to fetch.") String name) {
        Path folder = new DatasetDownloader(System.err::println).get(name, Datasets.cacheFolder());
        System.out.println(folder);
    }

    @Override
    public void run() {
        var all = Datasets.standard(dataDir).list();
        if (json) {
            System.out.println(Json.write(all.stream()
                    .map(d -> new Listing(
                            d.name(),
                            d.nodes(),
                            d.edges(),
                            d.features(),
                            d.classes(),
                            d.location().map(Path::toString).orElse(null),
                            d.publisher(),
                            d.note()))
                    .toList()));
            return;
        }
        System.out.printf("%-18s %9s %11s %9s %8s  %s%n", "name", "nodes", "edges", "features", "classes", "found at");
        all.forEach(d -> System.out.printf(
                "%-18s %,9d %,11d %,9d %8d  %s%n",
                d.name(),
                d.nodes(),
                d.edges(),
                d.features(),
                d.classes(),
                d.location().map(Path::toString).orElse(d.publisher().equals("generated") ? "generated" : "not found")
                        + (d.note().isEmpty() ? "" : " (" + d.note() + ")")));
    }

    /** A line of {@code datasets --json}. */
    record Listing(
            String name,
            int nodes,
            int edges,
            int features,
            int classes,
            String location,
            String publisher,
            String note) {}
}
