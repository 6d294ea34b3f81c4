// Diagrams of processes; loaded only by pages that show one.
import Viewer from "bpmn-js/lib/NavigatedViewer";

window.dianhengDiagram = { Viewer };
