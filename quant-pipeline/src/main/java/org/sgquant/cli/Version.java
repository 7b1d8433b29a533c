package org.sgquant.cli;

import picocli.CommandLine.IVersionProvider;

/** Version of this build, from the manifest of its jar. */
public final class Version implements IVersionProvider {

    public static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {"sgquant " + text()};
    }
}
