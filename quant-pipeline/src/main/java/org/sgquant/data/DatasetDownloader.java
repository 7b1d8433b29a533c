package org.sgquant.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Fetches a dataset's files from its publisher into a data folder; the only code here that uses the network.
 *
 * <p>Files are collected in a temporary folder beside the target, compared with their pinned SHA-256 (or, where none is
 * known, read and counted), and only then moved into place, each atomically: a failed download leaves nothing behind.
 * Errors: {@link DownloadException}.
 */
public final class DatasetDownloader {

    /** Host of the files in the publishers' repositories. */
    private static final URI PUBLISHERS = URI.create("https://raw.githubusercontent.com/");

    private static final long MAX_BYTES = 256L << 20;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration FILE_TIMEOUT = Duration.ofMinutes(5);

    private final URI base;
    private final Consumer<String> progress;

    /** Tells {@code progress} one line per file. */
    public DatasetDownloader(Consumer<String> progress) {
        this(PUBLISHERS, progress);
    }

    DatasetDownloader(URI base, Consumer<String> progress) {
        this.base = base;
        this.progress = progress;
    }

    /** Fetches the dataset {@code name} into the data folder {@code root} and returns the folder it lies in. */
    public Path get(String name, Path root) {
        return get(Datasets.known(name), root);
    }

    Path get(KnownDataset known, Path root) {
        if (known.remote().isEmpty()) {
            throw new DownloadException("dataset '" + known.name() + "' cannot be downloaded: " + known.note());
        }
        Path target = root.resolve(known.folder());
        try {
            Files.createDirectories(root);
            Path temporary = Files.createTempDirectory(root, ".download");
            try (HttpClient client = client()) {
                for (KnownDataset.RemoteFile file : known.remote()) {
                    fetch(client, file, temporary.resolve(known.folder()).resolve(file.target()));
                }
                verify(known, temporary);
                for (KnownDataset.RemoteFile file : known.remote()) {
                    Path place = target.resolve(file.target());
                    Files.createDirectories(place.getParent());
                    Path fetched = temporary.resolve(known.folder()).resolve(file.target());
                    Files.move(fetched, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                }
            } finally {
                deleteTree(temporary);
            }
        } catch (IOException e) {
            throw new DownloadException("cannot write below " + root + ": " + e, e);
        }
        return target;
    }

    private static HttpClient client() {
        return HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(CONNECT_TIMEOUT)
                .build();
    }

    private void fetch(HttpClient client, KnownDataset.RemoteFile file, Path target) throws IOException {
        URI uri = base.resolve(file.path());
        Files.createDirectories(target.getParent());
        MessageDigest digest = Fingerprint.sha256();
        long bytes;
        try {
            HttpResponse<InputStream> response = client.send(
                    HttpRequest.newBuilder(uri).timeout(FILE_TIMEOUT).build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body();
                    OutputStream out = Files.newOutputStream(target)) {
                if (response.statusCode() != 200) {
                    throw new DownloadException(uri + ": the server answered " + response.statusCode());
                }
                bytes = copy(body, out, digest, uri);
            }
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new DownloadException(
                    "cannot reach " + base.getHost() + " to fetch " + uri + ": the network may be down", e);
        } catch (IOException e) {
            throw new DownloadException(uri + ": the transfer broke off (" + e.getMessage() + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DownloadException(uri + ": interrupted", e);
        }
        String sha256 = HexFormat.of().formatHex(digest.digest());
        if (file.sha256().isPresent() && !file.sha256().get().equals(sha256)) {
            throw new DownloadException(uri + ": got SHA-256 " + sha256 + ", expected "
                    + file.sha256().get());
        }
        progress.accept(uri + ": " + bytes + " bytes, SHA-256 " + (file.sha256().isPresent() ? "ok" : "not pinned"));
    }

    private static long copy(InputStream in, OutputStream out, MessageDigest digest, URI uri) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            total += n;
            if (total > MAX_BYTES) {
                throw new DownloadException(uri + ": more than " + MAX_BYTES + " bytes");
            }
            digest.update(buffer, 0, n);
            out.write(buffer, 0, n);
        }
        return total;
    }

    /** Reads the fetched files as a dataset and compares its counts with the published ones. */
    private static void verify(KnownDataset known, Path temporary) {
        try {
            new Datasets(List.of(temporary)).open(known, DatasetOptions.DEFAULT).close();
        } catch (FormatException e) {
            throw new DownloadException(
                    "the files of '" + known.name() + "' are not as published: " + e.getMessage(), e);
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }
}
