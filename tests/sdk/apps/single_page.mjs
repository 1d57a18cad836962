// A page with auth0-spa-js on it, as the package ships it, and nothing else.
import express from "express";
import { listen } from "./listening.mjs";

const app = express();
app.use("/sdk", express.static(new URL("../node_modules/@auth0/auth0-spa-js/dist", import.meta.url).pathname));
app.get("/", (request, response) =>
  response.send(`<!doctype html><html lang="en"><title>Single page</title>
    <script src="/sdk/auth0-spa-js.production.js"></script><h1>Single page</h1></html>`),
);
listen(app);
