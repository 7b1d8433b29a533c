package org.sgquant.nd4j;

class Nd4jOneThreadTest extends Nd4jProducts {

    Nd4jOneThreadTest() {
        super(new Nd4jDenseLibrary().open(1));
    }
}
