package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;

/** Device segments at any address, also where nothing is: for operands of which a test has but the end. */
public final class DeviceAddress {

    private DeviceAddress() {}

    public static MemorySegment of(long address, long bytes) {
        return DeviceSegments.at(address, bytes);
    }
}
