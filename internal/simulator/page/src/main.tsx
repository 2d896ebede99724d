import { render } from "preact";
import { App } from "./app";
import { follow } from "./store";

follow();
const root = document.getElementById("app");
if (root) render(<App />, root);
