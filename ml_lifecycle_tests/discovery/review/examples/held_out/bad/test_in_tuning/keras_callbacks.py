from tensorflow import keras

stopper = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
network.fit(x_tr, y_tr, epochs=200, validation_data=(x_te, y_te), callbacks=[stopper])
network.evaluate(x_te, y_te)
