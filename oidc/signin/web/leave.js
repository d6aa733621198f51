// Goes on once every app has been told, or after three seconds.
(() => {
  const link = document.getElementById('continue'), frames = [...document.querySelectorAll('iframe')]
  let left = frames.length
  const go = () => { if (link && left >= 0) { left = -1; location.replace(link.href) } }
  for (const f of frames) f.addEventListener('load', () => { if (--left === 0) go() })
  if (!left) go()
  setTimeout(go, 3000)
})()
