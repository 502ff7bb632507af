// One high tone for what was taken, two low ones for what has to be looked at.

let sound = null;

export function beep(state) {
  try {
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return; // a browser would refuse
    sound = sound || new AudioContext();
    const tones = state === "known" ? [880] : [220, 180];
    tones.forEach(function (pitch, place) {
      const tone = sound.createOscillator();
      const loudness = sound.createGain();
      tone.frequency.value = pitch;
      loudness.gain.value = 0.15;
      tone.connect(loudness).connect(sound.destination);
      tone.start(sound.currentTime + place * 0.22);
      tone.stop(sound.currentTime + place * 0.22 + (state === "known" ? 0.08 : 0.2));
    });
    if (state !== "known" && navigator.vibrate) navigator.vibrate([150, 80, 150]);
  } catch (error) {
    // Without sound the words and colours are left.
  }
}
