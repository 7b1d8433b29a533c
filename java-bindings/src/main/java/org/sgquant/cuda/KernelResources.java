package org.sgquant.cuda;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;

/** The files of the cuda module: the list of kernels and their compiled images. */
public final class KernelResources {

    private KernelResources() {}

    /**
     * All bytes of one file.
     *
     * @param name such as {@code sgquant.fatbin}
     * @throws IllegalStateException if the module on the class path lacks it
     */
    public static byte[] read(String name) {
        try (InputStream in = KernelResources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the cuda module lacks /org/sgquant/cuda/" + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("/org/sgquant/cuda/" + name + " cannot be read", e);
        }
    }

    /**
     * What the gzip file {@code name} expands to.
     *
     * @param name such as {@code sgquant.ptx.gz}
     * @throws IllegalStateException if the module on the class path lacks it
     */
    public static byte[] readCompressed(String name) {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(read(name)))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("/org/sgquant/cuda/" + name + " is damaged", e);
        }
    }
}
