package org.sgquant.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a fat binary of nvcc holds.
 *
 * <p>Layout, little-endian: a header of magic (4 bytes), version (2), own size (2), bytes of all entries (8); entries
 * of kind (2; 1 PTX, 2 machine code), flags (2), own header's size (4), bytes of the image (8), and at 28 the compute
 * capability (4).
 */
public final class FatBinary {

    /** First driver that is promised to take machine code of CUDA 13; an older one may refuse it as late as at a launch. */
    public static final int FIRST_DRIVER = 13000;

    private static final int MAGIC = 0xba55ed50;
    private static final int HEADER_BYTES = 16;
    private static final int ENTRY_HEADER_BYTES = 32;
    private static final int MACHINE_CODE = 2;

    private FatBinary() {}

    /**
     * The compute capabilities whose machine code {@code image} holds, such as 75 and 90.
     *
     * @throws IllegalArgumentException if it is no fat binary or is cut off
     */
    public static SortedSet<Integer> architectures(byte[] image) {
        ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        require(image.length >= HEADER_BYTES && bytes.getInt(0) == MAGIC, "it does not begin as one");
        int position = bytes.getShort(6);
        long end = position + bytes.getLong(8);
        require(position >= HEADER_BYTES && end >= position && end <= image.length, "it is cut off");
        SortedSet<Integer> architectures = new TreeSet<>();
        while (position < end) {
            require(end - position >= ENTRY_HEADER_BYTES, "an entry is cut off at byte " + position);
            if (bytes.getShort(position) == MACHINE_CODE) {
                architectures.add(bytes.getInt(position + 28));
            }
            long next = position + Integer.toUnsignedLong(bytes.getInt(position + 4)) + bytes.getLong(position + 8);
            require(next > position && next <= end, "an entry is cut off at byte " + position);
            position = (int) next;
        }
        return architectures;
    }

    /** Whether machine code for {@code architecture} runs on a device: the same major version, no higher minor one. */
    public static boolean runsOn(int architecture, int computeCapability) {
        return architecture / 10 == computeCapability / 10 && architecture <= computeCapability;
    }

    private static void require(boolean holds, String reason) {
        if (!holds) {
            throw new IllegalArgumentException("this is no whole fat binary: " + reason);
        }
    }
}
