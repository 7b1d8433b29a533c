package org.sgquant.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import picocli.CommandLine.IVersionProvider;

/** Version of this build, from the manifest of its jar. */
public final class Version implements IVersionProvider {

    private static final String PACKAGE = "org/sgquant/";
    private static final String CLASS = ".class";

    /** Enough to tell builds apart. */
    private static final int HASH_BYTES = 8;

    public static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private static String code;

    /**
     * The version and the start of a SHA-256 over every class of ours on the class path: what results depend on beside data
     * and settings.
     */
    static synchronized String code() {
        if (code == null) {
            code = text() + " " + hash();
        }
        return code;
    }

    private static String hash() {
        Map<String, byte[]> classes = new TreeMap<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path path = Path.of(entry);
            try {
                if (Files.isDirectory(path)) {
                    addFolder(path, classes);
                } else if (String.valueOf(path.getFileName()).startsWith("sgquant-")) {
                    addJar(path, classes);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(path + ": cannot be read: " + e.getMessage(), e);
            }
        }
        MessageDigest digest = sha256();
        classes.forEach((name, bytes) -> {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        });
        return HexFormat.of().formatHex(digest.digest(), 0, HASH_BYTES);
    }

    private static void addFolder(Path folder, Map<String, byte[]> classes) throws IOException {
        Path ours = folder.resolve(PACKAGE);
        if (!Files.isDirectory(ours)) {
            return;
        }
        try (Stream<Path> files = Files.walk(ours)) {
            for (Path file : files.filter(f -> f.toString().endsWith(CLASS)).toList()) {
                classes.put(
                        folder.relativize(file).toString().replace(File.separatorChar, '/'), Files.readAllBytes(file));
            }
        }
    }

    private static void addJar(Path file, Map<String, byte[]> classes) throws IOException {
        try (ZipFile jar = new ZipFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                if (entry.getName().startsWith(PACKAGE) && entry.getName().endsWith(CLASS)) {
                    try (InputStream in = jar.getInputStream(entry)) {
                        classes.put(entry.getName(), in.readAllBytes());
                    }
                }
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String[] getVersion() {
        return new String[] {"sgquant " + text()};
    }
}
