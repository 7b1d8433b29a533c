package org.sgquant.nd4j;

class Nd4jTwoThreadsTest extends Nd4jProducts {

    Nd4jTwoThreadsTest() {
        super(new Nd4jDenseLibrary().open(2));
    }
}
