// A program that makes one SDK call per line it reads: {options, path, arguments} in, {answer} or {error} out.
import { createInterface } from "node:readline";

// `connect(options)` makes the client, `read(error)` turns an error of the SDK into {status, ...}, or is undefined.
export async function answerCalls(connect, read) {
  const clients = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const call = JSON.parse(line);
    const key = JSON.stringify(call.options);
    if (!clients.has(key)) clients.set(key, connect(call.options));
    const names = call.path.split(".");
    const method = names.pop();
    const target = names.reduce((object, name) => object[name], clients.get(key));
    let said;
    try {
      said = { answer: (await everyPage(await target[method](...call.arguments))) ?? null };
    } catch (error) {
      said = { error: read(error) ?? { thrown: String(error.stack) } };
    }
    console.log(JSON.stringify(said));
  }
}

async function everyPage(answer) {
  return answer?.[Symbol.asyncIterator] ? gather(answer) : answer;
}

async function gather(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}
