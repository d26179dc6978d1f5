/* Every sentence and number that the time machine says. */

function percent(value) {
  return `${(100 * value).toFixed(1)} %`;
}

function timeWords(time) {
  return Number.isInteger(time) ? `${time}` : time.toFixed(1);
}

function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** what the pictures of this moment are: saved, or blended, and what is missing */
function stateWords(scene, time) {
  const found = scene.models.map((model) => [model, around(model, time)]);
  const here = found.filter(([, at]) => at !== null);
  const whole = Number.isInteger(time);
  const lines = [];
  const blended = here.filter(([, { share }]) => share !== 0);
  if (blended.length > 0) {
    const [, { low, high }] = blended[0];
    const alike = blended.every(([, at]) => at.low.epoch === low.epoch && at.high.epoch === high.epoch);
    const pair = ({ low, high }) => `epochs ${low.epoch} and ${high.epoch}`;
    const between = alike ? pair({ low, high }) : list(blended.map(([model, at]) => `${pair(at)} of the ${model.name}`));
    lines.push(`Blended from ${between}: interpolation, not saved.`);
  } else if (here.length > 0) lines.push(time === 0 ? "Saved before training." : "Saved while training.");
  for (const [model, at] of found) {
    const reason = whole ? model.missing[time] : undefined;
    if (reason) lines.push(`Epoch ${time} of the ${model.name} cannot be shown: ${reason}${/[.!?]$/.test(reason) ? "" : "."}`);
    else if (at === null) lines.push(absenceWords(scene, model, time));
  }
  return lines.join(" ");
}

function absenceWords(scene, model, time) {
  const last = model.frames.at(-1)?.epoch;
  if (last === undefined) return `No epoch of the ${model.name} can be shown.`;
  if (time < last) return `The ${model.name} has no snapshot so early.`;
  return scene.working ? `The ${model.name} is not here yet.` : `The ${model.name} ends with epoch ${last}.`;
}

function stateMarks(scene, time) {
  const found = scene.models.map((model) => around(model, time)).filter(Boolean);
  return found.length > 0 && found.every(({ share }) => share === 0) ? "saved" : "blended";
}

function accuracyWords(model, time) {
  const value = accuracyAt(model, time);
  if (value === null) return "–";
  return Number.isInteger(time) ? percent(value) : `≈ ${percent(value)}`;
}

/** for those who hear the slider */
function sliderWords(scene, time) {
  const scores = scene.models.map((model) => `${model.name} ${accuracyWords(model, time)}`);
  return `epoch ${timeWords(time)} of ${scene.last}, validation accuracy ${scores.join(", ")}. ${stateWords(scene, time)}`;
}

function answerWords(scene, answer) {
  const best = answer.reduce((top, value, i) => (value > answer[top] ? i : top), 0);
  return { name: scene.classes[best], share: answer[best], right: scene.label === null ? null : best === scene.label };
}

function sentenceCase(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function patchWords(scene, patch) {
  return `row ${Math.floor(patch / scene.grid) + 1}, column ${(patch % scene.grid) + 1}`;
}

function weightWords(value) {
  return value < 1e-4 ? "below 0.0001" : value.toPrecision(2);
}

/** the weight at a share of the way along the scale of attention */
function attentionStop(scene, share) {
  if (share === 0) return "0";
  const value = scene.attentionTop * share ** 2;
  const words = value >= 0.095 ? value.toFixed(2) : value.toPrecision(1);
  return share === 1 && scene.attentionTop < 1 ? `${words} and more` : words;
}

function legendWords(scene, heads) {
  const several = heads === "each" ? "each head" : "the mean of the heads";
  const learned = scene.models.some(({ learners }) => learners.length > 0);
  const through = learned ? " After a TokenLearner, attention is carried back onto the picture through its maps." : "";
  const means = scene.heads === 1 ? " With so many patches and epochs, only the mean of the heads is sent." : "";
  const thinned = scene.thinned ? " With so many patches, not every epoch is shown: those between are blended." : "";
  return `The same colour means the same value at every epoch, in both models. Attention: where the patch looks, ${several}, `
    + `on a square-root scale, so that small shares can be told apart.${through}${means}${thinned} `
    + "Between two epochs everything is blended linearly: interpolation, not saved. Snapshots have half precision.";
}
