package org.sgquant.search;

/** Told of each trial right after it is committed; calls never overlap. */
@FunctionalInterface
public interface SearchListener {

    SearchListener NONE = (trial, finished, total) -> {};

    /**
     * @param finished trials committed so far, resumed ones included
     * @param total trials asked for
     */
    void finished(Trial trial, int finished, int total);
}
