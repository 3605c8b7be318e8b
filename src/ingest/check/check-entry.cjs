// What piscina loads in a thread that checks files; why a CommonJS file comes first is said in ../worker/worker-entry.cjs.
const checks = import('./check-thread.js');
// What is wrong with it is told by each task.
checks.catch(() => {});

module.exports = async (task) => (await checks).runCheck(task);
