package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** Against a server on the loopback interface. */
final class DatasetDownloaderTest {

    private static final byte[] GRAPH = Npy.zip(Fixtures.csr(), false);

    @TempDir
    private Path root;

    private HttpServer server;
    private final List<String> progress = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void serve(String path, byte[] body, long statedLength) {
        server.createContext(path, exchange -> {
            exchange.sendResponseHeaders(200, statedLength);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    private DatasetDownloader downloader() {
        String host = server.getAddress().getAddress().getHostAddress();
        return new DatasetDownloader(
                URI.create("http://" + host + ":" + server.getAddress().getPort() + "/"), progress::add);
    }

    private static KnownDataset tiny(int nodes, String sha256) {
        KnownDataset.RemoteFile file =
                new KnownDataset.RemoteFile("a/tiny.npz", "tiny.npz", Optional.ofNullable(sha256));
        return new KnownDataset("tiny", "tiny", "tiny", "tiny.npz", nodes, 6, 5, 2, "nobody", List.of(file), "");
    }

    private static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(Fingerprint.sha256().digest(bytes));
    }

    private void refuses(KnownDataset known, String message) {
        assertThatThrownBy(() -> downloader().get(known, root))
                .isInstanceOf(DownloadException.class)
                .hasMessageContaining(message);
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left).as("nothing is left behind").isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFileOfTheRightChecksumIsMovedIntoPlace() {
        serve("/a/tiny.npz", GRAPH, GRAPH.length);
        Path folder = downloader().get(tiny(6, sha256(GRAPH)), root);
        assertThat(folder.resolve("tiny.npz")).hasBinaryContent(GRAPH);
        assertThat(root).isDirectoryNotContaining(path -> path.toString().contains(".download"));
        assertThat(progress).singleElement().asString().endsWith(GRAPH.length + " bytes, SHA-256 ok");
        // A second time replaces the file.
        assertThat(downloader().get(tiny(6, null), root)).isEqualTo(folder);
        assertThat(progress).last().asString().endsWith("SHA-256 not pinned");
    }

    @Test
    void aWrongChecksumIsRefused() {
        serve("/a/tiny.npz", GRAPH, GRAPH.length);
        refuses(tiny(6, "00"), "tiny.npz: got SHA-256 " + sha256(GRAPH) + ", expected 00");
    }

    @Test
    void withoutAChecksumTheCountsDecide() {
        serve("/a/tiny.npz", GRAPH, GRAPH.length);
        refuses(tiny(7, null), "not as published");
    }

    @Test
    void anAnswerOtherThanTheFileIsRefused() {
        refuses(tiny(6, null), "/a/tiny.npz: the server answered 404");
    }

    @Test
    void aTruncatedTransferIsRefused() {
        serve("/a/tiny.npz", Arrays.copyOf(GRAPH, 100), GRAPH.length);
        refuses(tiny(6, null), "/a/tiny.npz: the transfer broke off");
    }

    @Test
    void withoutANetworkItIsOneSentence() {
        int port = server.getAddress().getPort();
        server.stop(0);
        DatasetDownloader offline = new DatasetDownloader(URI.create("http://127.0.0.1:" + port + "/"), progress::add);
        assertThatThrownBy(() -> offline.get(tiny(6, null), root))
                .isInstanceOf(DownloadException.class)
                .hasMessage("cannot reach 127.0.0.1 to fetch http://127.0.0.1:" + port
                        + "/a/tiny.npz: the network may be down");
    }

    @Test
    void whatCannotBeDownloadedSaysSo() {
        assertThatThrownBy(() -> downloader().get("pubmed-topology", root))
                .isInstanceOf(DownloadException.class)
                .hasMessageContaining("the features of most nodes are missing");
        assertThatThrownBy(() -> downloader().get("nothing", root)).isInstanceOf(NoSuchDatasetException.class);
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    void thePinnedChecksumsAreThoseOfThePublishedFiles() throws IOException {
        for (String name : List.of("cora", "citeseer")) {
            Path raw = Path.of(System.getenv("SGQUANT_DATA"), name, "raw");
            for (String part : List.of("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")) {
                byte[] body = Files.readAllBytes(raw.resolve("ind." + name + "." + part));
                serve("/kimiyoung/planetoid/master/data/ind." + name + "." + part, body, body.length);
            }
            downloader().get(name, root);
            try (Dataset d = new Datasets(List.of(root)).open(name, DatasetOptions.DEFAULT)) {
                assertThat(d.splitSource()).isEqualTo("published split");
            }
        }
        assertThat(progress).hasSize(16).allMatch(line -> line.endsWith("SHA-256 ok"));
    }
}
