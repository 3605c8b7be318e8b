// What piscina loads in a loader thread. It tries `require` first, and where that meets an ES module and the thread is ended
// in this moment, as by a stop right after the start, Node 20 and 22 abort the whole process ("v8::Module::IsGraphAsync"). From a
// CommonJS file the module comes by `import`, which can be ended at any time.
const worker = import('./ingest-worker.js');
// What is wrong with it is told by each task.
worker.catch(() => {});

module.exports = {
  runTask: async (task) => (await worker).runTask(task),
  runPortion: async (task) => (await worker).runPortion(task),
};
