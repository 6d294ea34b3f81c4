// Bar codes from the camera; loaded only when somebody presses the camera button.
import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";

window.dianhengCamera = {
  BarcodeDetector,
  prepare: (wasm) =>
    prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }),
};
