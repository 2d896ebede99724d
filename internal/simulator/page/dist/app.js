var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e4) {
    throw err = [e4], e4;
  }
};
var __commonJS = (cb, mod) => function() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e4) {
    throw mod = 0, e4;
  }
};

// node_modules/preact/dist/preact.mjs
function g(n3) {
  n3 && n3.parentNode && n3.remove();
}
function k(n3, t4, r4) {
  var u4, i4, f5, o5 = {}, e4 = arguments.length;
  for (f5 in t4) f5 == "key" ? u4 = t4[f5] : f5 == "ref" && typeof n3 != "function" ? i4 = t4[f5] : o5[f5] = t4[f5];
  return e4 > 2 && (o5.children = e4 > 3 ? d.call(arguments, 2) : r4), m(n3, o5, u4, i4, null);
}
function m(r4, u4, i4, f5, o5) {
  var e4 = { type: r4, props: u4, key: i4, ref: f5, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: h, __v: o5 || ++t, __i: -1, __u: 0 };
  return !o5 && n.vnode && n.vnode(e4), e4;
}
function $(n3) {
  return n3.children;
}
function x(n3, t4) {
  this.props = n3, this.context = t4, this.__g = 0;
}
function S(n3, t4) {
  if (t4 == null) return n3.__ && S(n3.__, n3.__i + 1);
  for (var r4; t4 < n3.__k.length; t4++) if ((r4 = n3.__k[t4]) && r4.__e) return r4.__e;
  return typeof n3.type != "function" || n3.props.__P ? null : S(n3);
}
function C(t4) {
  var r4, u4 = t4.__v, i4 = u4.__e, f5 = [], o5 = [], e4 = t4.__P;
  e4 && ((r4 = _({ constructor: h }, u4)).__v = u4.__v + 1, n.vnode && n.vnode(r4), z(e4, r4, u4, t4.__n, e4.namespaceURI, 32 & u4.__u ? [i4] : null, f5, i4 || S(u4), 32 & u4.__u, o5), r4.__v = u4.__v, r4.__.__k[r4.__i] = r4, E(f5, r4, o5), u4.__ = u4.__e = null, r4.__e != i4 && j(r4));
}
function j(n3) {
  if ((n3 = n3.__) && n3.__c && !n3.props.__P) return n3.__e = null, n3.__k.some(function(t4) {
    return t4 && (n3.__e = t4.__e);
  }), j(n3);
}
function L(t4) {
  (8 & t4.__g || (t4.__g |= 8, u.push(t4), f++)) && i == n.debounceRendering || ((i = n.debounceRendering) || queueMicrotask)(H);
}
function H() {
  try {
    for (var n3, t4 = 1; u.length; ) u.length > t4 && u.sort(o), n3 = u.shift(), t4 = u.length, 8 & n3.__g && C(n3);
  } finally {
    (f = u.length) && (i || queueMicrotask)(H);
  }
}
function I(n3, t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
  var s4, h5, v4, w5, d5, _4, g5 = u4.__k || y, k4 = t4.length;
  for (l4 = q(r4, t4, g5, l4, k4), s4 = 0; s4 < k4; s4++) (v4 = r4.__k[s4]) != null && (h5 = ~v4.__i && g5[v4.__i] || p, v4.__i = s4, _4 = z(n3, v4, h5, i4, f5, o5, e4, l4, c4, a5), w5 = v4.__e, (h5.ref != v4.ref || 8 & h5.__u) && (h5.ref && G(h5.ref, null, v4, h5), v4.ref && a5.push(v4.ref, v4.__c || w5, v4)), d5 = d5 || w5, 4 & v4.__u ? (l4 = A(v4, l4, n3, !h5.__v), h5.__e && (h5.__e = null)) : typeof v4.type == "function" && _4 !== void 0 ? l4 = _4 : w5 && (l4 = w5.nextSibling), v4.__u &= -21);
  return r4.__e = d5, l4;
}
function q(n3, t4, r4, u4, i4) {
  var f5, o5, e4, l4, c4, a5, s4, p5, y5, v4 = r4.length, d5 = v4, _4 = 0, g5 = 0, k4 = n3.__k = Array(i4);
  for (f5 = 0; f5 < i4; f5++) (o5 = t4[f5]) != null && typeof o5 != "boolean" && typeof o5 != "function" ? (typeof o5 != "object" || o5.constructor === String ? o5 = k4[f5] = m(null, o5) : w(o5) ? o5 = k4[f5] = m($, { children: o5 }) : o5.constructor === h && o5.__b ? o5 = k4[f5] = m(o5.type, o5.props, o5.key, o5.ref, o5.__v) : k4[f5] = o5, l4 = f5 + _4, o5.__ = n3, o5.__b = n3.__b + 1, e4 = null, ~(c4 = o5.__i = P(o5, r4, l4, d5)) && (d5--, (e4 = r4[c4]) && (e4.__u |= 2)), e4 && e4.__v ? (o5.__u |= 16, c4 == l4 - 1 ? _4-- : c4 == l4 + 1 ? _4++ : c4 != l4 && (c4 > l4 ? _4-- : _4++, g5 = 1)) : (~c4 || (i4 > v4 ? _4-- : i4 < v4 && _4++), typeof o5.type != "function" && (o5.__u |= 4))) : k4[f5] = null;
  if (g5) {
    for (a5 = [], s4 = [], f5 = 0; f5 < i4; f5++) if ((o5 = k4[f5]) && 16 & o5.__u) {
      for (_4 = 0, p5 = a5.length; _4 < p5; ) a5[y5 = _4 + p5 >> 1] < o5.__i ? _4 = y5 + 1 : p5 = y5;
      a5[_4] = o5.__i, s4[f5] = _4 + 1;
    }
    for (_4 = a5.length; f5--; ) s4[f5] && (s4[f5] == _4 ? _4-- : k4[f5].__u |= 4);
  }
  if (d5) for (f5 = 0; f5 < v4; f5++) !(e4 = r4[f5]) || 2 & e4.__u || (e4.__e == u4 && (u4 = S(e4)), J(e4, e4));
  return u4;
}
function A(n3, t4, r4, u4) {
  var i4, f5, o5, e4;
  if (typeof n3.type == "function") {
    if (n3.props.__P) return t4;
    if (i4 = n3.__k) for (f5 = 0; f5 < i4.length; f5++) i4[f5] && (i4[f5].__ = n3, t4 = A(i4[f5], t4, r4, !1));
    return t4;
  }
  for (t4 && !t4.parentNode && (t4 = S(n3)) && !t4.parentNode && (t4 = null), o5 = n3.__e, e4 = t4; e4 && e4.nodeType == 8; ) e4 = e4.nextSibling;
  for (o5 != e4 && (!u4 && r4.moveBefore && o5.parentNode ? r4.moveBefore(o5, t4) : r4.insertBefore(o5, t4 || null)), t4 = o5; (t4 = t4 && t4.nextSibling) && t4.nodeType == 8 && !t4.data.startsWith("$s"); ) ;
  return t4;
}
function P(n3, t4, r4, u4) {
  var i4, f5 = n3.key, o5 = n3.type, e4 = t4[r4], l4 = e4 && !(2 & e4.__u);
  if (e4 === null && f5 == null || l4 && f5 == e4.key && o5 == e4.type) return r4;
  if (u4 > (l4 ? 1 : 0)) {
    for (i4 = r4 - 1; i4 >= 0; i4--) if ((e4 = t4[i4]) && !(2 & e4.__u) && f5 == e4.key && o5 == e4.type) return i4;
    for (i4 = r4 + 1; i4 < t4.length; i4++) if ((e4 = t4[i4]) && !(2 & e4.__u) && f5 == e4.key && o5 == e4.type) return i4;
  }
  return -1;
}
function T(n3, t4, r4) {
  r4 == null && (r4 = ""), t4[0] == "-" ? n3.setProperty(t4, r4) : n3[t4] = r4;
}
function N(n3, t4, r4, u4, i4) {
  var f5, o5;
  if (t4 == "style") if (typeof r4 == "string") n3.style.cssText = r4;
  else {
    if (typeof u4 == "string" && (n3.style.cssText = u4 = ""), u4) for (t4 in u4) r4 && t4 in r4 || T(n3.style, t4);
    if (r4) for (t4 in r4) u4 && r4[t4] == u4[t4] || T(n3.style, t4, r4[t4]);
  }
  else if (t4[0] == "o" && t4[1] == "n") typeof r4 != "function" && (r4 = null), typeof u4 != "function" && (u4 = null), (n3.__e || (n3.__e = {}))[t4] = r4, r4 && u4 || (o5 = a[t4] || (a[t4] = V(t4)), (n3.__a || (n3.__a = {}))[t4] = c, f5 = t4 != (t4 = t4.replace(l, "$1")), (t4 = t4.slice(2))[0] < "a" && (t4 = t4.toLowerCase()), r4 ? n3.addEventListener(t4, o5, f5) : n3.removeEventListener(t4, o5, f5));
  else {
    if (i4 == "http://www.w3.org/2000/svg") t4 = t4.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
    else if (t4 != "width" && t4 != "height" && t4 != "href" && t4 != "list" && t4 != "form" && t4 != "tabIndex" && t4 != "download" && t4 != "rowSpan" && t4 != "colSpan" && t4 != "role" && t4 != "popover" && t4 in n3) try {
      return void (n3[t4] = r4 ?? "");
    } catch {
    }
    if (typeof r4 == "function") return;
    r4 == null || r4 === !1 && t4[4] != "-" ? n3.removeAttribute(t4) : n3.setAttribute(t4, t4 == "popover" && r4 == 1 ? "" : r4);
  }
}
function V(t4) {
  return function(r4) {
    var u4 = this.__e;
    if (u4) {
      if (u4 = u4[t4], r4[e] == null) r4[e] = c++;
      else if (r4[e] < this.__a[t4]) return;
      return u4(n.event ? n.event(r4) : r4);
    }
  };
}
function z(t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
  var s4, p5, v4, d5, k4, b3, m5, M2, C3, j3, L2, H2, q2, A4, O2, P2, T4, N2, V2 = r4.type;
  if (r4.constructor !== h) return null;
  128 & u4.__u && (c4 = 32 & u4.__u, s4 = u4.__c.__z) && (r4.__u |= c4, p5 = o5 = [], s4.nodeType == 8 ? l4 = B(s4, o5) : o5.push(s4), l4 = o5[0] || l4), (s4 = n.__b) && s4(r4);
  n: if (typeof V2 == "function") {
    v4 = e4.length;
    try {
      if (M2 = r4.props, C3 = (s4 = V2.prototype) && s4.render, j3 = (s4 = V2.contextType) && i4[s4.__c], L2 = s4 ? j3 ? j3.props.value : s4.__ : i4, (d5 = u4.__c) ? (r4.__c = d5, 2 & d5.__g && (d5.__g |= 1)) : (C3 ? r4.__c = d5 = new V2(M2, L2) : (r4.__c = d5 = new x(M2, L2), d5.constructor = V2, d5.render = K), j3 && j3.sub(d5), d5.state || (d5.state = {}), d5.__n = i4, d5.__g |= 8, d5.__h = [], d5.__k = []), C3 && (d5.__s || (d5.__s = d5.state), V2.getDerivedStateFromProps && (d5.__s == d5.state && (d5.__s = _({}, d5.__s)), _(d5.__s, V2.getDerivedStateFromProps(M2, d5.__s)))), k4 = d5.props, b3 = d5.state, d5.__v = r4, u4.__c) {
        if (M2 !== k4 && C3 && !V2.getDerivedStateFromProps && d5.componentWillReceiveProps && d5.componentWillReceiveProps(M2, L2), r4.__v == u4.__v && !(8 & d5.__g) || !(4 & d5.__g) && d5.shouldComponentUpdate && d5.shouldComponentUpdate(M2, d5.__s, L2) === !1) {
          r4.__v != u4.__v && (d5.props = M2, d5.state = d5.__s, d5.__g &= -9), r4.__e = u4.__e, r4.__k = u4.__k, r4.__k.some(function(n3) {
            n3 && (n3.__ = r4);
          }), y.push.apply(d5.__h, d5.__k), d5.__k = [], d5.__h.length && e4.push(d5), l4 = S(u4);
          break n;
        }
        d5.componentWillUpdate && d5.componentWillUpdate(M2, d5.__s, L2), C3 && d5.componentDidUpdate && d5.__h.push(function() {
          d5.componentDidUpdate(k4, b3, m5);
        });
      } else C3 && !V2.getDerivedStateFromProps && d5.componentWillMount && d5.componentWillMount(), C3 && d5.componentDidMount && d5.__h.push(d5.componentDidMount);
      d5.context = L2, d5.props = M2, d5.__P = t4, d5.__g &= -5, H2 = n.__r, q2 = C3 ? 25 : 0;
      do
        d5.__g &= -9, H2 && H2(r4), s4 = d5.render(d5.props, d5.state = d5.__s, d5.context);
      while (8 & d5.__g && ++q2 < 25);
      C3 && (y.push.apply(d5.__h, d5.__k), d5.__k = []), d5.state = d5.__s, d5.getChildContext && (i4 = _({}, i4, d5.getChildContext())), C3 && u4.__c && d5.getSnapshotBeforeUpdate && (m5 = d5.getSnapshotBeforeUpdate(k4, b3)), A4 = s4 && s4.type === $ && s4.key == null ? s4.props.children : s4, M2.__P && (s4 = l4, f5 = (t4 = M2.__P).namespaceURI, c4 = o5 = null, u4.props && u4.props.__P != t4 && (u4.__k.some(function(n3) {
        n3 && J(n3, n3);
      }), u4.__k = null), l4 = u4.__k ? S(u4, 0) : null), l4 = I(t4, w(A4) ? A4 : [A4], r4, u4, i4, f5, o5, e4, l4, c4, a5), M2.__P && (r4.__e = null, l4 = s4), r4.__u &= -161, p5 && p5.some(g), d5.__h.length && e4.push(d5), 1 & d5.__g && (d5.__g &= -4);
    } catch (t5) {
      if (e4.length = v4, r4.__v = null, c4 || o5) if (t5 && t5.then) {
        if (r4.__u |= 128 | c4, o5) {
          for (~(T4 = o5.indexOf(l4 || void 0)) || (T4 = o5.length); (N2 = o5[T4 - 1]) && N2.nodeType == 8; ) T4--;
          for (; T4 < o5.length; T4++) if (N2 = o5[T4]) if (o5[T4] = null, O2) {
            if (N2 == P2) break;
          } else {
            if (N2.nodeType != 8) break;
            N2.data.startsWith("$s") && (P2 = B(O2 = N2));
          }
        }
        if (!O2) {
          for (; l4 && l4.nodeType == 8 && l4.nextSibling; ) l4 = l4.nextSibling;
          O2 = l4;
        }
        (s4 = B(O2 = r4.__c.__z || (r4.__c.__z = O2))) ? (r4.__e = O2, l4 = s4) : r4.__e = l4, l4 = l4 && l4.nextSibling;
      } else o5 && o5.some(g);
      else r4.__e = u4.__e;
      r4.__k || (r4.__k = u4.__k || []), t5 && t5.then || D(r4), n.__e(t5, r4, u4);
    }
  } else l4 = r4.__e = F(u4.__e, r4, u4, i4, f5, o5, e4, c4, a5, t4);
  return (s4 = n.diffed) && s4(r4), l4;
}
function B(n3, t4) {
  if (n3 && n3.nodeType == 8 && n3.data.startsWith("$s")) for (var r4 = 1; n3 = n3.nextSibling; ) {
    if (n3.nodeType == 8) {
      if (n3.data.startsWith("$s")) r4++;
      else if (n3.data.startsWith("/$s") && !--r4) return n3;
    }
    t4 && t4.push(n3);
  }
}
function D(n3) {
  n3 && (n3.__c && (n3.__c.__g |= 4), n3.__k && n3.__k.some(D));
}
function E(t4, r4, u4) {
  for (var i4 = 0; i4 < u4.length; ) G(u4[i4++], u4[i4++], u4[i4++]);
  n.__c && n.__c(r4, t4), t4.some(function(r5) {
    try {
      t4 = r5.__h, r5.__h = [], t4.some(function(n3) {
        n3.call(r5);
      });
    } catch (t5) {
      n.__e(t5, r5.__v);
    }
  });
}
function F(t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
  var s4, h5, y5, _4, k4, b3, m5, M2, $2 = u4.props || p, x3 = r4.props, C3 = r4.type;
  if (C3 == "svg" ? f5 = "http://www.w3.org/2000/svg" : C3 == "math" ? f5 = "http://www.w3.org/1998/Math/MathML" : f5 || (f5 = "http://www.w3.org/1999/xhtml"), o5) {
    for (s4 = 0; s4 < o5.length; s4++) if ((k4 = o5[s4]) && (C3 ? k4.localName == C3 : k4.nodeType == 3)) {
      t4 = k4, o5[s4] = null;
      break;
    }
  }
  if (!t4) {
    if (M2 = a5.ownerDocument || document, !C3) return M2.createTextNode(x3);
    t4 = M2.createElementNS(f5, C3, x3.is ? x3 : a5), l4 && (n.__m && n.__m(r4, o5), l4 = !1), o5 = null;
  }
  if (C3) {
    if (a5 = C3 == "template" && t4.content || t4, o5 = C3 == "textarea" && x3.defaultValue != null ? null : o5 && d.call(a5.childNodes), !l4 && o5) for ($2 = {}, s4 = 0; s4 < t4.attributes.length; s4++) $2[(k4 = t4.attributes[s4]).name] = k4.value;
    for (s4 in $2) k4 = $2[s4], s4 == "dangerouslySetInnerHTML" ? y5 = k4 : s4 == "children" || s4 in x3 || s4 == "value" && "defaultValue" in x3 || s4 == "checked" && "defaultChecked" in x3 || N(t4, s4, null, k4, f5);
    for (s4 in x3) k4 = x3[s4], s4 == "children" ? _4 = k4 : s4 == "dangerouslySetInnerHTML" ? h5 = k4 : s4 == "value" ? b3 = k4 : s4 == "checked" ? m5 = k4 : l4 && typeof k4 != "function" || $2[s4] === k4 || N(t4, s4, k4, $2[s4], f5);
    h5 ? (l4 || y5 && (h5.__html == y5.__html || h5.__html == t4.innerHTML) || (t4.innerHTML = h5.__html), r4.__k = []) : (y5 && (t4.textContent = ""), (C3 == "foreignObject" || f5 == "http://www.w3.org/1998/Math/MathML" && v.test(C3)) && (f5 = "http://www.w3.org/1999/xhtml"), I(a5, w(_4) ? _4 : [_4], r4, u4, i4, f5, o5, e4, o5 ? o5[0] : u4.__k && S(u4, 0), l4, c4), o5 && o5.some(g)), l4 && C3 != "textarea" || (s4 = "value", C3 == "progress" && b3 == null ? t4.removeAttribute(s4) : b3 == null || b3 === t4[s4] && (C3 != "progress" || b3) || N(t4, s4, b3, $2[s4], f5), s4 = "checked", m5 != null && m5 != t4[s4] && N(t4, s4, m5, $2[s4], f5));
  } else $2 === x3 || l4 && t4.data == x3 || (t4.data = x3);
  return t4;
}
function G(t4, r4, u4, i4) {
  try {
    typeof t4 == "function" ? r4 ? r4.__x = t4(r4) || 1 : i4 && (i4 = i4.__c || i4.__e) && (r4 = i4.__x) && (i4.__x = null, typeof r4 == "function" ? r4() : t4(null)) : t4.current = r4;
  } catch (t5) {
    n.__e(t5, u4);
  }
}
function J(t4, r4, u4) {
  var i4, f5, o5, e4;
  if (n.unmount && n.unmount(t4), !(i4 = t4.ref) || i4.current && i4.current != t4.__e || G(i4, null, r4, t4), i4 = t4.__c) {
    if (i4.componentWillUnmount) try {
      i4.componentWillUnmount();
    } catch (t5) {
      n.__e(t5, r4);
    }
    i4.__P = i4.__n = null;
  }
  if (i4 = t4.__k) for (e4 = 0; e4 < i4.length; e4++) i4[e4] && J(i4[e4], r4, typeof t4.type != "function" || u4 && !t4.props.__P);
  !u4 && (i4 = t4.__c) && (i4 = i4.__z) && (f5 = B(i4, o5 = [])) && (i4 == t4.__e && o5.some(g), g(f5), g(i4)), u4 || g(t4.__e), t4.__e = t4.__c = t4.__ = null;
}
function K(n3, t4, r4) {
  return this.constructor(n3, r4);
}
function Q(t4, r4) {
  var u4, i4, f5, o5;
  n.__ && n.__(t4, r4), r4.nodeType == 9 && (r4 = r4.documentElement), i4 = (u4 = t4 && 32 & t4.__u) ? null : r4.__k, r4.__k = m($, { children: [t4] }), f5 = [], o5 = [], z(r4, r4.__k, i4 || p, p, r4.namespaceURI, i4 ? null : r4.firstChild ? d.call(r4.childNodes) : null, f5, i4 ? i4.__e : r4.firstChild, u4, o5), E(f5, r4.__k, o5), r4.__k.props.children = null;
}
var n, t, r, u, i, f, o, e, l, c, a, s, h, p, y, v, w, d, _, init_preact = __esm({
  "node_modules/preact/dist/preact.mjs"() {
    h = /* @__PURE__ */ Symbol.for("pv"), p = {}, y = [], v = /^m(i|n|o|s|text|space)$/, w = Array.isArray, d = y.slice, _ = Object.assign;
    n = { __e: function(n3, t4, r4, u4) {
      for (var i4, o5, e4; t4 = t4.__; ) if ((i4 = t4.__c) && !(1 & i4.__g)) {
        i4.__g |= 4;
        try {
          if ((e4 = (o5 = i4.constructor) && o5.getDerivedStateFromError) && i4.setState(o5.getDerivedStateFromError(n3)), i4.componentDidCatch && (i4.componentDidCatch(n3, u4 || {}), e4 = 1), e4 && 8 & i4.__g) return void (i4.__g |= 2);
        } catch (t5) {
          n3 = t5;
        }
      }
      throw f = 0, n3;
    } }, t = 0, r = function(n3) {
      return n3 != null && n3.constructor === h;
    }, x.prototype.setState = function(n3, t4) {
      var r4 = this.__s;
      r4 && r4 != this.state || (r4 = this.__s = _({}, this.state)), typeof n3 == "function" && (n3 = n3(_({}, r4), this.props)), n3 && (_(r4, n3), this.__v && (t4 && this.__k.push(t4), L(this)));
    }, x.prototype.forceUpdate = function(n3) {
      this.__v && (this.__g |= 4, n3 && this.__h.push(n3), L(this));
    }, x.prototype.render = $, u = [], f = 0, o = function(n3, t4) {
      return n3.__v.__b - t4.__v.__b;
    }, e = /* @__PURE__ */ Symbol(), l = /(PointerCapture)$|Capture$/i, c = 0, a = {}, s = 0;
  }
});

// node_modules/preact/hooks/dist/hooks.mjs
function y2(n3, t4) {
  a2.__h && a2.__h(r2, n3, f2 || t4), f2 = 0;
  var u4 = r2.__H || (r2.__H = { __: [], __h: [] });
  return n3 >= u4.__.length && u4.__.push({}), u4.__[n3];
}
function d2(n3) {
  return f2 = 1, _2(G2, n3);
}
function _2(n3, u4, i4) {
  var f5 = y2(t2++, 2);
  if (f5.t = n3, !f5.__c && (f5.__ = [i4 ? i4(u4) : G2(void 0, u4), function(n4) {
    var t4 = (f5.__N || f5.__)[0], r4 = f5.t(t4, n4);
    o2(t4, r4) || (f5.__N = [r4, f5.__[1]], f5.__c.setState({}));
  }], f5.__c = r2, !r2.__f)) {
    r2.__f = !0;
    var c4 = r2.shouldComponentUpdate;
    r2.shouldComponentUpdate = function(n4, t4, r4) {
      var u5 = this.__H;
      if (!u5) return !0;
      var i5 = !1, f6 = this.props != n4;
      if (u5.__.some(function(n5) {
        n5.__N && (i5 = !0, o2(n5.__[0], n5.__N[0]) || (f6 = !0));
      }), c4) {
        var e4 = c4.call(this, n4, t4, r4);
        return i5 ? e4 || f6 : e4;
      }
      return !i5 || f6;
    };
  }
  return f5.__;
}
function A2(n3, u4) {
  var i4 = y2(t2++, 3);
  !a2.__s && E2(i4.__H, u4) && (i4.__P = !0, i4.__ = n3, i4.u = u4, r2.__H.__h.push(i4));
}
function F2(n3, u4) {
  var i4 = y2(t2++, 4);
  !a2.__s && E2(i4.__H, u4) && (i4.__P = !1, i4.__ = n3, i4.u = u4, r2.__h.push(i4));
}
function T2(n3) {
  return f2 = 5, w2(function() {
    return { current: n3 };
  }, []);
}
function w2(n3, r4) {
  var u4 = y2(t2++, 7);
  return E2(u4.__H, r4) && (u4.__ = n3(), u4.__H = r4), u4.__;
}
function g2() {
  var n3;
  do {
    for (; n3 = e2.shift(); ) try {
      C2(n3);
    } catch (t5) {
      a2.__e(t5, { __: (n3 = n3.__P) && n3.__v });
    }
    for (; n3 = c2.shift(); ) {
      var t4 = n3.__H;
      if (n3.__P && t4) try {
        t4.__h.some(C2), t4.__h.some(D2), t4.__h = [];
      } catch (r4) {
        t4.__h = [], a2.__e(r4, n3.__v);
      }
    }
  } while (e2.length);
}
function z2(n3) {
  var t4, r4 = function() {
    clearTimeout(u4), k2 && cancelAnimationFrame(t4), setTimeout(n3);
  }, u4 = setTimeout(r4, 35);
  k2 && (t4 = requestAnimationFrame(r4));
}
function B2(n3) {
  n3 != 1 && i2 == a2.requestAnimationFrame || ((i2 = a2.requestAnimationFrame) || z2)(g2);
}
function C2(n3) {
  var t4 = r2, u4 = n3.__c;
  typeof u4 == "function" && (n3.__c = void 0, u4()), r2 = t4;
}
function D2(n3) {
  var t4 = r2;
  n3.__c = n3.__(), r2 = t4;
}
function E2(n3, t4) {
  return !n3 || n3.length != t4.length || t4.some(function(t5, r4) {
    return !o2(t5, n3[r4]);
  });
}
function G2(n3, t4) {
  return typeof t4 == "function" ? t4(n3) : t4;
}
var t2, r2, u2, i2, o2, f2, c2, e2, a2, v2, l2, m2, h2, s2, p2, k2, init_hooks = __esm({
  "node_modules/preact/hooks/dist/hooks.mjs"() {
    init_preact();
    o2 = Object.is, f2 = 0, c2 = [], e2 = [], a2 = n, v2 = a2.__b, l2 = a2.__r, m2 = a2.diffed, h2 = a2.__c, s2 = a2.unmount, p2 = a2.__;
    a2.__b = function(n3) {
      r2 = null, v2 && v2(n3);
    }, a2.__ = function(n3, t4) {
      n3 && t4.__k && t4.__k.__m && (n3.__m = t4.__k.__m), p2 && p2(n3, t4);
    }, a2.__r = function(n3) {
      l2 && l2(n3), t2 = 0;
      var i4 = (r2 = n3.__c).__H;
      i4 && (u2 == r2 ? r2.__h = [] : (i4.__h.some(C2), i4.__h.some(D2), t2 = 0), i4.__h = [], i4.__.some(function(n4) {
        n4.__N && (n4.__ = n4.__N), n4.u = n4.__N = void 0;
      })), u2 = r2;
    }, a2.diffed = function(n3) {
      m2 && m2(n3);
      var t4 = n3.__c;
      t4 && t4.__H && (t4.__H.__h.length && B2(c2.push(t4)), t4.__H.__.some(function(n4) {
        n4.u && (n4.__H = n4.u);
      })), u2 = r2 = null;
    }, a2.__c = function(n3, t4) {
      t4.some(function(n4) {
        try {
          n4.__h.some(C2), n4.__h = n4.__h.filter(function(n5) {
            return !n5.__ || D2(n5);
          });
        } catch (t5) {
          n4.__h = [function() {
            throw t5;
          }];
        }
      }), h2 && h2(n3, t4);
    }, a2.unmount = function(n3) {
      s2 && s2(n3);
      var t4, r4, u4 = n3.__c;
      u4 && u4.__H && (u4.__H.__.some(function(u5) {
        try {
          if (u5.__P && u5.__c) {
            if (r4 === void 0) {
              for (r4 = n3.__; r4 && (!r4.__c || !r4.__c.__P); ) r4 = r4.__;
              r4 = r4 && r4.__c;
            }
            u5.__P = r4, B2(e2.push(u5));
          } else C2(u5);
        } catch (n4) {
          t4 = n4;
        }
      }), u4.__H = void 0, t4 && a2.__e(t4, u4.__v));
    };
    k2 = typeof requestAnimationFrame == "function";
  }
});

// node_modules/@preact/signals-core/dist/signals-core.module.js
function t3() {
  if (v3 > 1)
    v3--;
  else {
    var i4, t4 = !1;
    for ((function() {
      var i5 = c3;
      for (c3 = void 0; i5 !== void 0; ) {
        var t5 = i5.S;
        if (t5.v === i5.v) for (var r5 = t5.t; r5 !== void 0; r5 = r5.x) r5.i === i5.i && (r5.i = t5.i);
        i5 = i5.o;
      }
    })(); h3 !== void 0; ) {
      var r4 = h3;
      for (h3 = void 0, s3++; r4 !== void 0; ) {
        var n3 = r4.u;
        if (r4.u = void 0, r4.f &= -3, !(8 & r4.f) && w3(r4)) try {
          r4.c();
        } catch (r5) {
          t4 || (i4 = r5, t4 = !0);
        }
        r4 = n3;
      }
    }
    if (s3 = 0, v3--, t4) throw i4;
  }
}
function r3(i4) {
  if (v3 > 0) return i4();
  u3 = ++e3, v3++;
  try {
    return i4();
  } finally {
    t3();
  }
}
function f3(i4) {
  var t4 = o3, r4 = n2;
  o3 = void 0, n2 = void 0;
  try {
    return i4();
  } finally {
    o3 = t4, n2 = r4;
  }
}
function d3(i4) {
  if (o3 !== void 0) {
    var t4 = i4.n;
    if (t4 === void 0 || t4.t !== o3)
      return t4 = { i: 0, S: i4, p: o3.s, n: void 0, t: o3, e: void 0, x: void 0, r: t4 }, o3.s !== void 0 && (o3.s.n = t4), o3.s = t4, i4.n = t4, 32 & o3.f && i4.S(t4), t4;
    if (t4.i === -1)
      return t4.i = 0, t4.n !== void 0 && (t4.n.p = t4.p, t4.p !== void 0 && (t4.p.n = t4.n), t4.p = o3.s, t4.n = void 0, o3.s.n = t4, o3.s = t4), t4;
  }
}
function l3(i4, t4) {
  this.v = i4, this.i = 0, this.n = void 0, this.t = void 0, this.l = 0, this.W = t4?.watched, this.Z = t4?.unwatched, this.name = t4?.name;
}
function y3(i4, t4) {
  return new l3(i4, t4);
}
function w3(i4) {
  for (var t4 = i4.s; t4 !== void 0; t4 = t4.n) if (t4.S.i !== t4.i || !t4.S.h() || t4.S.i !== t4.i) return !0;
  return !1;
}
function b(i4) {
  for (var t4 = i4.s; t4 !== void 0; t4 = t4.n) {
    var r4 = t4.S.n;
    if (r4 !== void 0 && (t4.r = r4), t4.S.n = t4, t4.i = -1, t4.n === void 0) {
      i4.s = t4;
      break;
    }
  }
}
function _3(i4) {
  for (var t4 = i4.s, r4 = void 0; t4 !== void 0; ) {
    var n3 = t4.p;
    t4.i === -1 ? (t4.S.U(t4), n3 !== void 0 && (n3.n = t4.n), t4.n !== void 0 && (t4.n.p = n3)) : r4 = t4, t4.S.n = t4.r, t4.r !== void 0 && (t4.r = void 0), t4 = n3;
  }
  i4.s = r4;
}
function j2(i4, t4) {
  l3.call(this, void 0, t4), this.x = i4, this.s = void 0, this.g = a3 - 1, this.f = 4;
}
function O(i4, t4) {
  return new j2(i4, t4);
}
function p3(i4) {
  var r4 = i4.j;
  if (i4.j = void 0, typeof r4 == "function") {
    v3++;
    var n3 = o3;
    o3 = void 0;
    try {
      r4();
    } catch (t4) {
      throw i4.f &= -2, i4.f |= 8, g3(i4), t4;
    } finally {
      o3 = n3, t3();
    }
  }
}
function g3(i4) {
  for (var t4 = i4.s; t4 !== void 0; t4 = t4.n) t4.S.U(t4);
  i4.x = void 0, i4.s = void 0, p3(i4);
}
function S2(i4) {
  if (o3 !== this) throw new Error("Out-of-order effect");
  _3(this), o3 = i4, this.f &= -2;
  try {
    8 & this.f && g3(this);
  } finally {
    t3();
  }
}
function m3(i4, t4) {
  this.x = i4, this.j = void 0, this.s = void 0, this.u = void 0, this.f = 32, this.name = t4?.name, n2 && n2.push(this);
}
function x2(i4, t4) {
  var r4 = new m3(i4, t4);
  try {
    r4.c();
  } catch (i5) {
    throw r4.d(), i5;
  }
  var n3 = r4.d.bind(r4);
  return n3[Symbol.dispose] = n3, n3;
}
var i3, n2, o3, h3, v3, s3, e3, u3, c3, a3, init_signals_core_module = __esm({
  "node_modules/@preact/signals-core/dist/signals-core.module.js"() {
    i3 = /* @__PURE__ */ Symbol.for("preact-signals");
    o3 = void 0;
    h3 = void 0, v3 = 0, s3 = 0, e3 = 0, u3 = 0, c3 = void 0, a3 = 0;
    l3.prototype.brand = i3;
    l3.prototype.h = function() {
      return !0;
    };
    l3.prototype.S = function(i4) {
      var t4 = this, r4 = this.t;
      r4 !== i4 && i4.e === void 0 && (i4.x = r4, this.t = i4, r4 !== void 0 ? r4.e = i4 : f3(function() {
        var i5;
        (i5 = t4.W) == null || i5.call(t4);
      }));
    };
    l3.prototype.U = function(i4) {
      var t4 = this;
      if (this.t !== void 0) {
        var r4 = i4.e, n3 = i4.x;
        r4 !== void 0 && (r4.x = n3, i4.e = void 0), n3 !== void 0 && (n3.e = r4, i4.x = void 0), i4 === this.t && (this.t = n3, n3 === void 0 && f3(function() {
          var i5;
          (i5 = t4.Z) == null || i5.call(t4);
        }));
      }
    };
    l3.prototype.subscribe = function(i4) {
      var t4 = this;
      return x2(function() {
        var r4 = t4.value;
        f3(function() {
          return i4(r4);
        });
      }, { name: "sub" });
    };
    l3.prototype.valueOf = function() {
      return this.value;
    };
    l3.prototype.toString = function() {
      return this.value + "";
    };
    l3.prototype.toJSON = function() {
      return this.value;
    };
    l3.prototype.peek = function() {
      var i4 = this;
      return f3(function() {
        return i4.value;
      });
    };
    Object.defineProperty(l3.prototype, "value", { get: function() {
      var i4 = d3(this);
      return i4 !== void 0 && (i4.i = this.i), this.v;
    }, set: function(i4) {
      if (i4 !== this.v) {
        if (s3 > 100) throw new Error("Cycle detected");
        (function(i5) {
          v3 !== 0 && s3 === 0 && i5.l !== u3 && (i5.l = u3, c3 = { S: i5, v: i5.v, i: i5.i, o: c3 });
        })(this), this.v = i4, this.i++, a3++, v3++;
        try {
          for (var r4 = this.t; r4 !== void 0; r4 = r4.x) r4.t.N();
        } finally {
          t3();
        }
      }
    } });
    j2.prototype = new l3();
    j2.prototype.h = function() {
      if (this.f &= -3, 1 & this.f) return !1;
      if ((36 & this.f) == 32 || (this.f &= -5, this.g === a3)) return !0;
      if (this.g = a3, this.f |= 1, this.i > 0 && !w3(this))
        return this.f &= -2, !0;
      var i4 = o3;
      try {
        b(this), o3 = this;
        var t4 = this.x();
        (16 & this.f || this.v !== t4 || this.i === 0) && (this.v = t4, this.f &= -17, this.i++);
      } catch (i5) {
        this.v = i5, this.f |= 16, this.i++;
      }
      return o3 = i4, _3(this), this.f &= -2, !0;
    };
    j2.prototype.S = function(i4) {
      if (this.t === void 0) {
        this.f |= 36;
        for (var t4 = this.s; t4 !== void 0; t4 = t4.n) t4.S.S(t4);
      }
      l3.prototype.S.call(this, i4);
    };
    j2.prototype.U = function(i4) {
      if (this.t !== void 0 && (l3.prototype.U.call(this, i4), this.t === void 0)) {
        this.f &= -33;
        for (var t4 = this.s; t4 !== void 0; t4 = t4.n) t4.S.U(t4);
      }
    };
    j2.prototype.N = function() {
      if (!(2 & this.f)) {
        this.f |= 6;
        for (var i4 = this.t; i4 !== void 0; i4 = i4.x) i4.t.N();
      }
    };
    Object.defineProperty(j2.prototype, "value", { get: function() {
      if (1 & this.f) throw new Error("Cycle detected");
      var i4 = d3(this);
      if (this.h(), i4 !== void 0 && (i4.i = this.i), 16 & this.f) throw this.v;
      return this.v;
    } });
    m3.prototype.c = function() {
      var i4 = this.S();
      try {
        if (8 & this.f || this.x === void 0) return;
        var t4 = this.x();
        typeof t4 == "function" && (this.j = t4);
      } finally {
        i4();
      }
    };
    m3.prototype.S = function() {
      if (1 & this.f) throw new Error("Cycle detected");
      this.f |= 1, this.f &= -9, p3(this), b(this), v3++;
      var i4 = o3;
      return o3 = this, S2.bind(this, i4);
    };
    m3.prototype.N = function() {
      2 & this.f || (this.f |= 2, this.u = h3, h3 = this);
    };
    m3.prototype.d = function() {
      this.f |= 8, 1 & this.f || g3(this);
    };
    m3.prototype.dispose = function() {
      this.d();
    };
  }
});

// node_modules/@preact/signals/dist/signals.module.js
function b2(i4, n3) {
  n[i4] = n3.bind(null, n[i4] || function() {
  });
}
function y4(i4) {
  if (p4) {
    var n3 = p4;
    p4 = void 0, n3();
  }
  p4 = i4 && i4.S();
}
function w4(i4) {
  var n3 = this, r4 = i4.data, t4 = useSignal(r4);
  t4.name = "ReactiveDom", t4.value = r4;
  var e4 = w2(function() {
    for (var i5 = n3, r5 = n3.__v; r5 = r5.__; ) if (r5.__c) {
      r5.__c.__$f |= 4;
      break;
    }
    var o5 = O(function() {
      var i6 = t4.value.value;
      return i6 === 0 ? 0 : i6 === !0 ? "" : i6 || "";
    }), e5 = O(function() {
      return !Array.isArray(o5.value) && !r(o5.value);
    }), u5 = x2(function() {
      if (this.N = M, e5.value) {
        var n4 = o5.value;
        i5.__v && i5.__v.__e && i5.__v.__e.nodeType === 3 && (i5.__v.__e.data = n4);
      }
    }), c5 = n3.__$u.d;
    return n3.__$u.d = function() {
      u5(), c5.call(this);
    }, [e5, o5];
  }, []), u4 = e4[0], c4 = e4[1];
  return u4.value ? c4.peek() : c4.value;
}
function k3(i4, n3, r4, t4) {
  var f5 = n3 in i4 && i4.ownerSVGElement === void 0, o5 = y3(r4);
  return { o: function(i5, n4) {
    o5.value = i5, t4 = n4;
  }, d: x2(function() {
    this.N = M;
    var r5 = o5.value.value;
    t4[n3] !== r5 && (t4[n3] = r5, f5 ? i4[n3] = r5 : r5 != null && (r5 !== !1 || n3[4] === "-") ? i4.setAttribute(n3, r5) : i4.removeAttribute(n3));
  }) };
}
function useSignal(i4, n3) {
  return w2(function() {
    return y3(i4, n3);
  }, []);
}
function F3() {
  r3(function() {
    for (var i4; i4 = g4.shift(); ) h4.call(i4);
  });
}
function M() {
  g4.push(this) === 1 && (n.requestAnimationFrame || A3)(F3);
}
var h4, d4, p4, m4, g4, A3, init_signals_module = __esm({
  "node_modules/@preact/signals/dist/signals.module.js"() {
    init_preact();
    init_hooks();
    init_signals_core_module();
    init_signals_core_module();
    m4 = typeof window < "u" && !!window.__PREACT_SIGNALS_DEVTOOLS__, g4 = [];
    x2(function() {
      h4 = this.N;
    })();
    w4.displayName = "ReactiveTextNode";
    Object.defineProperties(l3.prototype, { constructor: { configurable: !0, value: k($, null).constructor }, type: { configurable: !0, value: w4 }, props: { configurable: !0, get: function() {
      var i4 = this;
      return { data: { get value() {
        return i4.value;
      } } };
    } }, __b: { configurable: !0, value: 1 } });
    b2("__b", function(i4, n3) {
      if (y4(), d4 = void 0, typeof n3.type == "string") {
        var r4, t4 = n3.props;
        for (var f5 in t4) if (f5 !== "children") {
          var o5 = t4[f5];
          o5 instanceof l3 && (r4 || (n3.__np = r4 = {}), r4[f5] = o5, t4[f5] = o5.peek());
        }
      }
      i4(n3);
    });
    b2("__r", function(i4, r4) {
      if (i4(r4), r4.type !== $) {
        y4();
        var t4, f5 = r4.__c;
        f5 && (f5.__$f &= -2, (t4 = f5.__$u) === void 0 && (f5.__$u = t4 = (function(i5, n3) {
          var r5;
          return x2(function() {
            r5 = this;
          }, { name: n3 }), r5.c = i5, r5;
        })(/* @__PURE__ */ (function(i5) {
          return function() {
            var n3;
            m4 && ((n3 = this.y) == null || n3.call(this)), i5.__$f |= 1, i5.setState({});
          };
        })(f5), typeof r4.type == "function" ? r4.type.displayName || r4.type.name : ""))), d4 = f5, y4(t4);
      }
    });
    b2("__e", function(i4, n3, r4, t4) {
      y4(), d4 = void 0, i4(n3, r4, t4);
    });
    b2("diffed", function(i4, n3) {
      y4(), d4 = void 0;
      var r4;
      if (typeof n3.type == "string" && (r4 = n3.__e)) {
        var t4 = n3.__np, f5 = n3.props, o5 = r4.U;
        if (o5) for (var e4 in o5) {
          var u4 = o5[e4];
          u4 === void 0 || t4 && e4 in t4 || (u4.d(), o5[e4] = void 0);
        }
        if (t4) {
          o5 || (o5 = {}, r4.U = o5);
          for (var a5 in t4) {
            var c4 = o5[a5], v4 = t4[a5];
            c4 === void 0 ? (c4 = k3(r4, a5, v4, f5), o5[a5] = c4) : c4.o(v4, f5);
          }
        }
      }
      i4(n3);
    });
    b2("unmount", function(i4, n3) {
      if (typeof n3.type == "string") {
        var r4 = n3.__e;
        if (r4) {
          var t4 = r4.U;
          if (t4) {
            r4.U = void 0;
            for (var f5 in t4) {
              var o5 = t4[f5];
              o5 && o5.d();
            }
          }
        }
        var e4 = n3.__np;
        if (e4) {
          var u4 = n3.props;
          for (var a5 in e4) u4[a5] = e4[a5];
        }
        n3.__np = void 0;
      } else {
        var c4 = n3.__c;
        if (c4) {
          c4.__$f |= 8;
          var v4 = c4.__$u;
          v4 && (c4.__$u = void 0, v4.d());
        }
      }
      i4(n3);
    });
    b2("__h", function(i4, n3, r4, t4) {
      t4 < 3 && (n3.__$f |= 2), i4(n3, r4, t4);
    });
    x.prototype.shouldComponentUpdate = function(i4, n3) {
      if (this.__R) return !0;
      var r4 = this.__$u, t4 = r4 && r4.s !== void 0;
      for (var f5 in n3) return !0;
      if (this.__f || typeof this.u == "boolean" && this.u === !0) {
        var o5 = 2 & this.__$f;
        if (!(t4 || o5 || 4 & this.__$f) || 1 & this.__$f) return !0;
      } else if (!(t4 || 4 & this.__$f) || 3 & this.__$f) return !0;
      for (var e4 in i4) if (e4 !== "__source" && i4[e4] !== this.props[e4]) return !0;
      for (var u4 in this.props) if (!(u4 in i4)) return !0;
      return !1;
    };
    A3 = function(i4) {
      queueMicrotask(function() {
        queueMicrotask(i4);
      });
    };
  }
});

// src/api.ts
async function call(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(0, "Atende n\xE3o respondeu nesta m\xE1quina.");
  }
  let text = await response.text();
  if (!response.ok)
    throw new Refused(response.status, reason(text) || `resposta ${response.status}`);
  return text === "" ? void 0 : JSON.parse(text);
}
function reason(body) {
  try {
    let parsed = JSON.parse(body);
    return typeof parsed.error == "string" ? parsed.error : "";
  } catch {
    return "";
  }
}
function post(path, body) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}
var Refused, part, api, init_api = __esm({
  "src/api.ts"() {
    "use strict";
    Refused = class extends Error {
      constructor(status, message) {
        super(message);
        this.status = status;
      }
      status;
    };
    part = encodeURIComponent, api = {
      list: () => call("/api/conversations"),
      talk: (from, since) => call(`/api/conversations/${part(from)}${since === void 0 ? "" : `?since=${since}`}`),
      inspection: (from) => call(`/api/conversations/${part(from)}/inspector`),
      turn: (id) => call(`/api/turns/${part(id)}`),
      repeat: (id, pack, model) => post(`/api/turns/${part(id)}/repeat`, { pack, model }),
      street: () => call("/api/street"),
      overview: () => call("/api/overview"),
      faults: () => call("/api/faults"),
      arm: (fault) => post("/api/faults", fault),
      heal: () => call("/api/faults", { method: "DELETE" }),
      advance: (advance) => post("/api/clock", { advance }),
      untilOpening: () => post("/api/clock", { until: "opening" }),
      write: (message) => post("/api/messages", message),
      deliverAgain: (id, times, parallel) => post("/api/webhooks", { id, times, parallel }),
      answerAsPerson: (to, text) => post("/api/person", { to, text }),
      accept: (who) => post(`/api/operator/handoffs/${part(who)}/accept`, {}),
      release: (who) => post(`/api/operator/handoffs/${part(who)}/release`, {}),
      scenarioAddress: (from) => `/api/conversations/${part(from)}/scenario`,
      mediaAddress: (id) => `/api/media/${part(id)}`
    };
  }
});

// src/store.ts
function recall(key, otherwise, fits) {
  try {
    let value = JSON.parse(memory.getItem(key) ?? "null");
    return fits(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}
function unread(from) {
  return from === current.value ? 0 : Math.max(0, (summaries.value.get(from)?.replies ?? 0) - (seen.value[from] ?? 0));
}
function markSeen(from) {
  let replies = summaries.value.get(from)?.replies ?? 0;
  (seen.value[from] ?? 0) !== replies && (seen.value = { ...seen.value, [from]: replies }, keep("seen", seen.value));
}
function say(words) {
  notice.value = notice.value === words ? `${words}\xA0` : words;
}
async function attempt(what, act) {
  try {
    let value = await act();
    return problem.value = "", value;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    error.status === 0 && (connected.value = !1), problem.value = `${what}: ${error.message}`;
    return;
  }
}
function addContact(contact) {
  contacts.value = [...contacts.value.filter((c4) => c4.from !== contact.from), contact], keep("contacts", contacts.value), choose(contact.from);
}
function choose(from, turnId = "") {
  from !== current.value && (current.value = from, talk.value = null, inspection.value = null, turn.value = null, memory.setItem("current", from)), chosenTurn.value = turnId, problem.value = "", markSeen(from), leaveAddress(), refreshCurrent();
}
function chooseTurn(id) {
  chosenTurn.value = id, leaveAddress(), refreshTurn();
}
function leaveAddress() {
  let version = chosenTurn.value.split("~")[1], address = `#/c/${encodeURIComponent(current.value)}${version ? `/turno-${version}` : ""}`;
  address !== location.hash && history.replaceState(null, "", address);
}
function readAddress() {
  let match = /^#\/c\/([^/]+)(?:\/turno-(\d+))?$/.exec(location.hash);
  return { from: match?.[1] ? decodeURIComponent(match[1]) : "", version: Number(match?.[2] ?? 0) };
}
function once(fetch2) {
  let running = null, again = !1;
  return () => running ? (again = !0, running) : (running = (async () => {
    do
      again = !1, await fetch2();
    while (again);
  })().finally(() => {
    running = null;
  }), running);
}
async function quietly(fetch2) {
  try {
    await fetch2(), connected.value = !0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    error.status === 0 && (connected.value = !1);
  }
}
function merged(before, fresh) {
  if (!before || before.from !== fresh.from || before.revision === void 0) return fresh.messages;
  if (fresh.messages.length === 0) return before.messages;
  let lines = before.messages.slice(), places = new Map(lines.map((line, i4) => [line.id, i4]));
  for (let line of fresh.messages) {
    let place = places.get(line.id);
    place === void 0 ? places.set(line.id, lines.push(line) - 1) : lines[place] = line;
  }
  return fresh.first ? lines.slice(Math.max(0, fresh.first - (before.first ?? 0))) : lines;
}
async function refreshCurrent() {
  await Promise.all([refreshTalk(), refreshInspection()]), await refreshTurn();
}
async function write(message) {
  let { from, name } = person.value;
  return await attempt("A mensagem n\xE3o foi enviada", () => api.write({ from, name, ...message })) !== void 0;
}
function follow() {
  let asked = readAddress();
  current.value = asked.from || memory.getItem("current") || contacts.value[0]?.from || "", asked.from && (view.value = "chat"), refreshList().then(async () => {
    await refreshCurrent();
    let wanted2 = inspection.value?.turns?.find((t4) => t4.version === asked.version);
    wanted2 && chooseTurn(wanted2.id);
  }), window.addEventListener("hashchange", () => {
    let { from, version } = readAddress();
    from && choose(from, inspection.value?.turns?.find((t4) => t4.version === version)?.id ?? "");
  });
  let events = new EventSource("/api/events"), waiting = 0;
  events.addEventListener("open", () => {
    connected.value = !0, refreshStreet();
  }), events.addEventListener("error", () => {
    connected.value = !1;
  }), events.addEventListener("message", () => {
    waiting === 0 && (waiting = window.setTimeout(() => {
      waiting = 0, refreshList(), refreshCurrent(), refreshStreet(), refreshFaults(), refreshOverview();
    }, 60));
  });
}
var starters, memory, keep, areContacts, contacts, summaries, current, talk, inspection, chosenTurn, turn, street, overview, faults, connected, problem, notice, view, sought, seen, offset, tick, now, person, shownTurn, refreshList, refreshTalk, refreshInspection, refreshTurn, refreshStreet, refreshFaults, refreshOverview, init_store = __esm({
  "src/store.ts"() {
    "use strict";
    init_signals_module();
    init_api();
    starters = [
      { from: "5511988887777", name: "Iara" },
      { from: "5521977776666", name: "Bruno" },
      { from: "5541966665555", name: "Concei\xE7\xE3o" },
      { from: "BR.20417735518", name: "Ot\xE1vio (sem telefone)" }
    ], memory = window.localStorage;
    keep = (key, value) => memory.setItem(key, JSON.stringify(value)), areContacts = (value) => Array.isArray(value) && value.length > 0 && value.every((c4) => typeof c4?.from == "string"), contacts = y3(recall("contacts", starters, areContacts)), summaries = y3(/* @__PURE__ */ new Map()), current = y3(""), talk = y3(null), inspection = y3(null), chosenTurn = y3(""), turn = y3(null), street = y3(null), overview = y3(null), faults = y3(null), connected = y3(!0), problem = y3(""), notice = y3(""), view = y3("people"), sought = y3({ id: "", n: 0 }), seen = y3(recall("seen", {}, (v4) => typeof v4 == "object" && v4 !== null)), offset = y3(0), tick = y3(Date.now());
    window.setInterval(() => {
      tick.value = Date.now();
    }, 1e3);
    now = O(() => tick.value + offset.value), person = O(
      () => contacts.value.find((c4) => c4.from === current.value) ?? { from: current.value, name: summaries.value.get(current.value)?.name ?? "" }
    ), shownTurn = O(() => chosenTurn.value || inspection.value?.turns?.at(-1)?.id || "");
    refreshList = once(() => quietly(async () => {
      let { conversations } = await api.list();
      summaries.value = new Map(conversations.map((c4) => [c4.from, c4]));
      let strangers = conversations.filter((c4) => !contacts.value.some((known) => known.from === c4.from));
      strangers.length > 0 && (contacts.value = [...contacts.value, ...strangers.map(({ from, name }) => ({ from, name }))], keep("contacts", contacts.value)), markSeen(current.value);
    })), refreshTalk = once(() => quietly(async () => {
      let from = current.value, before = talk.value, fresh;
      try {
        fresh = await api.talk(from, before?.revision);
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return;
        throw error;
      }
      from === current.value && (talk.value = { ...fresh, messages: merged(before, fresh) });
    }));
    refreshInspection = once(() => quietly(async () => {
      let from = current.value;
      try {
        let fresh = await api.inspection(from);
        from === current.value && (inspection.value = fresh);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 404) throw error;
        from === current.value && (inspection.value = null);
      }
    })), refreshTurn = once(() => quietly(async () => {
      let id = shownTurn.value;
      if (id === "") {
        turn.value = null;
        return;
      }
      try {
        let fresh = await api.turn(id);
        id === shownTurn.value && (turn.value = fresh);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 404) throw error;
        id === shownTurn.value && (turn.value = null);
      }
    })), refreshStreet = once(() => quietly(async () => {
      let fresh = await api.street();
      offset.value = Date.parse(fresh.now) - Date.now(), street.value = fresh;
    })), refreshFaults = once(() => quietly(async () => {
      faults.value = await api.faults();
    })), refreshOverview = once(() => quietly(async () => {
      overview.value = await api.overview();
    }));
  }
});

// src/words.ts
function failure(error) {
  return error ? `n\xE3o entregue: ${failures[error.code] ?? error.title ?? "sem explica\xE7\xE3o"} (${error.code})` : "n\xE3o entregue";
}
function shortTime(at, now2) {
  return dayOf(at) === dayFormat.format(now2) ? clockTime(at) : shortDayFormat.format(new Date(at));
}
function lasting(ms) {
  let minutes = Math.max(0, Math.floor(ms / 6e4));
  if (minutes < 1) return "menos de 1 min";
  if (minutes < 60) return `${minutes} min`;
  let hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${Math.floor(hours / 24)} dias`;
}
function preview(line) {
  if (line.type === "reaction") return line.text ? `Reagiu com ${line.text}` : "Retirou a rea\xE7\xE3o";
  let kind = kinds[line.type];
  return kind && line.type !== "template" ? [kind, line.filename || line.text].filter(Boolean).join(": ") : line.text || kind || "Mensagem";
}
var states, owners, kinds, statuses, failures, zone, clockFormat, exactFormat, dayFormat, shortDayFormat, weekdayFormat, clockTime, dayOf, count, tenth, dollar, init_words = __esm({
  "src/words.ts"() {
    "use strict";
    states = {
      INITIAL: "In\xEDcio",
      TRIAGE: "Triagem",
      COLLECTING_INFO: "Coletando informa\xE7\xF5es",
      GENERATING_RESPONSE: "Respondendo",
      HANDOFF_HUMAN: "Com a equipe",
      SELF_SERVE_INFO: "Autoatendimento",
      ROUTE_EXTERNAL: "Encaminhado",
      SCHEDULED_FOLLOWUP: "Retorno agendado",
      TIMEOUT: "Encerrada por inatividade",
      ERROR: "Erro"
    }, owners = { otto: "Otto", person: "Pessoa" }, kinds = {
      audio: "\xC1udio",
      image: "Imagem",
      video: "V\xEDdeo",
      document: "Documento",
      sticker: "Figurinha",
      location: "Localiza\xE7\xE3o",
      reaction: "Rea\xE7\xE3o",
      template: "Mensagem de modelo"
    }, statuses = {
      sent: "enviada",
      delivered: "entregue",
      read: "lida",
      played: "ouvida",
      failed: "n\xE3o entregue"
    }, failures = {
      131026: "o WhatsApp n\xE3o consegue entregar a este n\xFAmero",
      131047: "a janela de 24 horas fechou",
      131049: "a Meta preferiu n\xE3o entregar",
      131050: "a pessoa n\xE3o quer mensagens da empresa",
      131051: "este tipo de mensagem n\xE3o \xE9 aceito",
      131056: "mensagens demais para esta pessoa em pouco tempo",
      130429: "mensagens demais deste n\xFAmero em pouco tempo"
    };
    zone = "America/Sao_Paulo", clockFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, hour: "2-digit", minute: "2-digit" }), exactFormat = new Intl.DateTimeFormat("pt-BR", {
      timeZone: zone,
      day: "2-digit",
      month: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    }), dayFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, weekday: "long", day: "numeric", month: "long" }), shortDayFormat = new Intl.DateTimeFormat("pt-BR", { timeZone: zone, day: "2-digit", month: "2-digit" }), weekdayFormat = new Intl.DateTimeFormat("pt-BR", {
      timeZone: zone,
      weekday: "short",
      day: "2-digit",
      month: "2-digit",
      hour: "2-digit",
      minute: "2-digit"
    }), clockTime = (at) => clockFormat.format(new Date(at)), dayOf = (at) => dayFormat.format(new Date(at));
    count = new Intl.NumberFormat("pt-BR"), tenth = new Intl.NumberFormat("pt-BR", { maximumFractionDigits: 1, minimumFractionDigits: 1 }), dollar = new Intl.NumberFormat("pt-BR", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
  }
});

// node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs
function a4(t4, e4, n3, u4, a5, i4) {
  e4 || (e4 = {});
  var c4, l4, p5 = e4;
  if ("ref" in p5 && typeof t4 != "function") for (l4 in p5 = {}, e4) l4 == "ref" ? c4 = e4[l4] : p5[l4] = e4[l4];
  var s4 = { type: t4, props: p5, key: n3, ref: c4, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: f4, __v: --o4, __i: -1, __u: 0 };
  return (a5 || i4) && (s4.__source = a5, s4.__self = i4), n.vnode && n.vnode(s4), s4;
}
var f4, o4, init_jsxRuntime = __esm({
  "node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs"() {
    init_preact();
    init_preact();
    f4 = /* @__PURE__ */ Symbol.for("pv"), o4 = 0;
  }
});

// src/chat/attachments.tsx
function Attachments({ text, onClose, onSpoken, onTrouble }) {
  let dialog = T2(null), latitude = T2(null), longitude = T2(null);
  A2(() => dialog.current?.showModal(), []);
  let close = () => dialog.current?.close(), chosen = async (input) => {
    let file = input.files?.[0];
    if (!file) return;
    if (close(), file.size > largest) {
      onTrouble("O arquivo tem mais de 16 MB, e o WhatsApp n\xE3o o aceitaria.");
      return;
    }
    let family = file.type.split("/")[0] ?? "", type = ["image", "audio", "video"].includes(family) ? family : "document";
    await write({ type, mime: file.type || "application/octet-stream", filename: file.name, data: await base64(file) });
  }, stick = async (emoji) => {
    close();
    let picture = await draw(emoji);
    picture && await write({ type: "sticker", mime: "image/webp", data: await base64(picture) });
  }, locate = () => {
    close(), write({ type: "location", latitude: Number(latitude.current?.value), longitude: Number(longitude.current?.value) });
  };
  return /* @__PURE__ */ a4("dialog", { ref: dialog, class: "sheet attachments", "aria-labelledby": "attach-title", onClose, children: [
    /* @__PURE__ */ a4("h2", { id: "attach-title", children: "Anexar" }),
    /* @__PURE__ */ a4("label", { class: "field", children: [
      "Imagem, \xE1udio, v\xEDdeo ou documento",
      /* @__PURE__ */ a4("input", { type: "file", onChange: (e4) => {
        chosen(e4.currentTarget);
      } })
    ] }),
    /* @__PURE__ */ a4("h3", { children: "Figurinha" }),
    /* @__PURE__ */ a4("div", { class: "stickers", role: "group", "aria-label": "Figurinhas", children: stickers.map((emoji) => /* @__PURE__ */ a4("button", { type: "button", "aria-label": `Figurinha ${emoji}`, onClick: () => {
      stick(emoji);
    }, children: emoji }, emoji)) }),
    /* @__PURE__ */ a4("h3", { children: "\xC1udio que diz um texto" }),
    /* @__PURE__ */ a4("p", { class: "small soft", children: "Um \xE1udio de verdade, cuja transcri\xE7\xE3o \xE9 o texto digitado na conversa." }),
    /* @__PURE__ */ a4("button", { type: "button", class: "outlined", disabled: text.trim() === "", onClick: () => {
      close(), onSpoken(), write({ type: "audio", text });
    }, children: text.trim() === "" ? "Escreva o texto antes" : `Enviar como \xE1udio: \u201C${text.trim().slice(0, 40)}\u201D` }),
    /* @__PURE__ */ a4("h3", { children: "Localiza\xE7\xE3o" }),
    /* @__PURE__ */ a4("div", { class: "place-form", children: [
      /* @__PURE__ */ a4("label", { class: "field", children: [
        "Latitude",
        /* @__PURE__ */ a4("input", { ref: latitude, type: "number", min: -90, max: 90, step: "any", defaultValue: "-23.5614" })
      ] }),
      /* @__PURE__ */ a4("label", { class: "field", children: [
        "Longitude",
        /* @__PURE__ */ a4("input", { ref: longitude, type: "number", min: -180, max: 180, step: "any", defaultValue: "-46.6559" })
      ] }),
      /* @__PURE__ */ a4("button", { type: "button", class: "outlined", onClick: locate, children: "Enviar localiza\xE7\xE3o" })
    ] }),
    /* @__PURE__ */ a4("form", { method: "dialog", class: "actions", children: /* @__PURE__ */ a4("button", { type: "submit", class: "plain", children: "Fechar" }) })
  ] });
}
function base64(data) {
  return new Promise((resolve, reject) => {
    let reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",")[1] ?? "")), reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable file"))), reader.readAsDataURL(data);
  });
}
function draw(emoji) {
  let canvas = document.createElement("canvas");
  canvas.width = canvas.height = stickerSize;
  let pen = canvas.getContext("2d");
  return pen ? (pen.font = `${stickerSize * 0.75}px system-ui, "Noto Color Emoji", sans-serif`, pen.textAlign = "center", pen.textBaseline = "middle", pen.fillText(emoji, stickerSize / 2, stickerSize * 0.54), new Promise((resolve) => canvas.toBlob(resolve, "image/webp"))) : Promise.resolve(null);
}
var largest, stickers, stickerSize, init_attachments = __esm({
  "src/chat/attachments.tsx"() {
    "use strict";
    init_hooks();
    init_store();
    init_jsxRuntime();
    largest = 16 * 1024 * 1024, stickers = ["\u{1F600}", "\u{1F44D}", "\u{1F389}", "\u2764\uFE0F", "\u{1F914}", "\u{1F64F}"], stickerSize = 512;
  }
});

// src/chat/voice.tsx
async function start() {
  let microphone;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: !0 });
  } catch {
    problem.value = "O navegador n\xE3o deixou usar o microfone. Em Anexar d\xE1 para escolher um \xE1udio.";
    return;
  }
  let form = forms.find((f5) => MediaRecorder.isTypeSupported(f5)), recorder = new MediaRecorder(microphone, form ? { mimeType: form } : {}), chunks = [], mine = { recorder, since: now.value, wanted: !1 };
  recorder.addEventListener("dataavailable", (e4) => chunks.push(e4.data)), recorder.addEventListener("stop", () => {
    for (let track of microphone.getTracks()) track.stop();
    if (recording.value = null, !mine.wanted) return;
    let mime = recorder.mimeType.split(";")[0] ?? "";
    base64(new Blob(chunks)).then((data) => write({ type: "audio", mime, data }));
  }), recorder.start(), recording.value = mine;
}
function finish(wanted2) {
  let going = recording.value;
  going && (going.wanted = wanted2, going.recorder.stop(), document.getElementById("text")?.focus());
}
function Recorder() {
  if (A2(() => () => finish(!1), []), !recording.value)
    return /* @__PURE__ */ a4("button", { type: "button", class: "icon", "aria-label": "Gravar \xE1udio", title: "Gravar \xE1udio", onClick: () => {
      start();
    }, children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M12 15a3 3 0 0 0 3-3V6a3 3 0 1 0-6 0v6a3 3 0 0 0 3 3zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.9V22h2v-3.1A7 7 0 0 0 19 12z" }) }) });
  let seconds = Math.max(0, Math.round((now.value - recording.value.since) / 1e3));
  return /* @__PURE__ */ a4("span", { class: "recording", role: "group", "aria-label": "Gravando \xE1udio", children: [
    /* @__PURE__ */ a4("span", { class: "number", children: [
      Math.floor(seconds / 60),
      ":",
      String(seconds % 60).padStart(2, "0")
    ] }),
    /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: () => finish(!1), children: "Descartar" }),
    /* @__PURE__ */ a4("button", { type: "button", class: "strong", onClick: () => finish(!0), children: "Enviar \xE1udio" })
  ] });
}
var forms, recording, init_voice = __esm({
  "src/chat/voice.tsx"() {
    "use strict";
    init_signals_module();
    init_hooks();
    init_store();
    init_attachments();
    init_jsxRuntime();
    forms = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"], recording = y3(null);
  }
});

// src/chat/composer.tsx
function change(part2) {
  drafts.value = { ...drafts.value, [current.value]: { ...draft(), ...part2 } };
}
function quote(line) {
  change({ quoted: line }), asTeam.value = !1, focusText();
}
function suggest(words) {
  write({ type: "text", text: words }), focusText();
}
function queue() {
  let { text, burst } = draft();
  text.trim() !== "" && (change({ text: "", burst: [...burst, text] }), say(`${burst.length + 1} na rajada; Enter envia todas`));
}
async function send() {
  let { text, burst, quoted } = draft(), from = current.value, left = text.trim() === "" ? burst.slice() : [...burst, text];
  if (left.length === 0) return;
  change(nothing);
  let reply = quoted?.id;
  for (; left.length > 0; ) {
    if (!await (asTeam.value ? attempt("A resposta n\xE3o foi enviada", () => api.answerAsPerson(from, left[0] ?? "")).then((answer) => answer !== void 0) : write({ type: "text", text: left[0] ?? "", ...reply ? { reply_to: reply } : {} }))) {
      from === current.value && draft() === nothing && change({ text: left.pop() ?? "", burst: left, quoted });
      return;
    }
    left.shift(), reply = void 0;
  }
}
function keys(e4) {
  e4.key !== "Enter" || e4.isComposing || e4.ctrlKey || e4.altKey || e4.metaKey || (e4.preventDefault(), e4.shiftKey ? queue() : send());
}
function Composer() {
  let { text, burst, quoted } = draft(), area = T2(null);
  return F2(() => {
    let el = area.current;
    el && (el.style.height = "auto", el.style.height = `${el.scrollHeight + 2}px`);
  }, [text]), A2(() => () => {
    attaching.value = !1;
  }, []), /* @__PURE__ */ a4("form", { class: `composer${asTeam.value ? " team" : ""}`, "aria-label": "Escrever", onSubmit: (e4) => {
    e4.preventDefault(), send();
  }, children: [
    /* @__PURE__ */ a4("fieldset", { class: "as", children: [
      /* @__PURE__ */ a4("legend", { class: "quiet", children: "Escrever como" }),
      /* @__PURE__ */ a4("label", { children: [
        /* @__PURE__ */ a4("input", { type: "radio", name: "as", checked: !asTeam.value, onChange: () => {
          asTeam.value = !1;
        } }),
        "Cliente"
      ] }),
      /* @__PURE__ */ a4("label", { children: [
        /* @__PURE__ */ a4("input", { type: "radio", name: "as", checked: asTeam.value, onChange: () => {
          asTeam.value = !0;
        } }),
        "Equipe, no celular da empresa"
      ] })
    ] }),
    quoted && /* @__PURE__ */ a4("p", { class: "quoting", children: [
      /* @__PURE__ */ a4("span", { children: [
        "Resposta a: ",
        preview(quoted)
      ] }),
      /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: () => {
        change({ quoted: null }), focusText();
      }, children: "N\xE3o citar" })
    ] }),
    burst.length > 0 && /* @__PURE__ */ a4("ol", { class: "burst", "aria-label": "Rajada, ainda n\xE3o enviada", children: burst.map((words, i4) => /* @__PURE__ */ a4("li", { children: [
      /* @__PURE__ */ a4("span", { children: words }),
      /* @__PURE__ */ a4("button", { type: "button", "aria-label": `Tirar da rajada: ${words}`, onClick: () => {
        change({ burst: burst.filter((_4, n3) => n3 !== i4) }), focusText();
      }, children: "\xD7" })
    ] }, i4)) }),
    /* @__PURE__ */ a4("div", { class: "line", children: [
      !asTeam.value && /* @__PURE__ */ a4("button", { type: "button", class: "icon", "aria-label": "Anexar", title: "Anexar", "aria-haspopup": "dialog", onClick: () => {
        attaching.value = !0;
      }, children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M16.5 6v11.5a4 4 0 0 1-8 0V5a2.5 2.5 0 0 1 5 0v10.5a1 1 0 0 1-2 0V6H10v9.5a2.5 2.5 0 0 0 5 0V5a4 4 0 0 0-8 0v12.5a5.5 5.5 0 0 0 11 0V6z" }) }) }),
      /* @__PURE__ */ a4(
        "textarea",
        {
          ref: area,
          id: "text",
          rows: 1,
          maxLength: 65536,
          autocomplete: "off",
          value: text,
          "aria-describedby": "composer-keys",
          placeholder: asTeam.value ? "Resposta da equipe" : "Mensagem",
          "aria-label": asTeam.value ? "Resposta da equipe" : "Mensagem",
          onInput: (e4) => change({ text: e4.currentTarget.value }),
          onKeyDown: keys
        }
      ),
      !asTeam.value && text === "" && burst.length === 0 && /* @__PURE__ */ a4(Recorder, {}),
      /* @__PURE__ */ a4("button", { type: "submit", class: "icon send", "aria-label": "Enviar", title: "Enviar (Enter)", children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M2 21 23 12 2 3v7l15 2-15 2z" }) }) })
    ] }),
    /* @__PURE__ */ a4("p", { id: "composer-keys", class: "hint", children: "Enter envia \xB7 Shift+Enter junta uma rajada" }),
    attaching.value && /* @__PURE__ */ a4(
      Attachments,
      {
        text,
        onClose: () => {
          attaching.value = !1, focusText();
        },
        onSpoken: () => change({ text: "" }),
        onTrouble: (words) => {
          problem.value = words;
        }
      }
    )
  ] });
}
var nothing, drafts, asTeam, attaching, draft, focusText, init_composer = __esm({
  "src/chat/composer.tsx"() {
    "use strict";
    init_signals_module();
    init_hooks();
    init_api();
    init_store();
    init_words();
    init_attachments();
    init_voice();
    init_jsxRuntime();
    nothing = { text: "", burst: [], quoted: null }, drafts = y3({}), asTeam = y3(!1), attaching = y3(!1), draft = () => drafts.value[current.value] ?? nothing;
    focusText = () => document.getElementById("text")?.focus();
  }
});

// node_modules/@tanstack/virtual-core/dist/esm/lazy-measurements.js
function getMeasurementKey(item) {
  return typeof item == "object" ? item.key : item;
}
function createLazyMeasurementsView(cache, flat) {
  let count2 = cache.length;
  return new Proxy(cache, {
    get(target, prop, receiver) {
      if (typeof prop == "string") {
        let c4 = prop.charCodeAt(0);
        if (c4 >= 48 && c4 <= 57) {
          let i4 = +prop;
          if (Number.isInteger(i4) && i4 >= 0 && i4 < count2) {
            let v4 = target[i4];
            if (typeof v4 != "object") {
              let s4 = flat[i4 * 2];
              v4 = target[i4] = {
                index: i4,
                key: v4,
                start: s4,
                size: flat[i4 * 2 + 1],
                end: s4 + flat[i4 * 2 + 1],
                lane: 0
              };
            }
            return v4;
          }
        }
        if (prop === "length") return count2;
      }
      return Reflect.get(target, prop, receiver);
    }
  });
}
var init_lazy_measurements = __esm({
  "node_modules/@tanstack/virtual-core/dist/esm/lazy-measurements.js"() {
  }
});

// node_modules/@tanstack/virtual-core/dist/esm/utils.js
function memo(getDeps, fn, opts) {
  let deps = opts.initialDeps ?? [], result, isInitial = !0;
  function memoizedFunction() {
    var _a;
    let debugEnabled = !!opts.key && !!((_a = opts.debug) != null && _a.call(opts)), depTime = 0;
    debugEnabled && (depTime = Date.now());
    let newDeps = getDeps();
    if (!(newDeps.length !== deps.length || newDeps.some((dep, index) => deps[index] !== dep)))
      return result;
    deps = newDeps;
    let resultTime = 0;
    if (debugEnabled && (resultTime = Date.now()), result = fn(...newDeps), debugEnabled) {
      let depEndTime = Math.round((Date.now() - depTime) * 100) / 100, resultEndTime = Math.round((Date.now() - resultTime) * 100) / 100, resultFpsPercentage = resultEndTime / 16, pad = (str, num) => {
        for (str = String(str); str.length < num; )
          str = " " + str;
        return str;
      };
      console.info(
        `%c\u23F1 ${pad(resultEndTime, 5)} /${pad(depEndTime, 5)} ms`,
        `
            font-size: .6rem;
            font-weight: bold;
            color: hsl(${Math.max(
          0,
          Math.min(120 - 120 * resultFpsPercentage, 120)
        )}deg 100% 31%);`,
        opts?.key
      );
    }
    return opts?.onChange && !(isInitial && opts.skipInitialOnChange) && opts.onChange(result), isInitial = !1, result;
  }
  return memoizedFunction.updateDeps = (newDeps) => {
    deps = newDeps;
  }, memoizedFunction;
}
function notUndefined(value, msg) {
  if (value === void 0)
    throw new Error(`Unexpected undefined${msg ? `: ${msg}` : ""}`);
  return value;
}
var approxEqual, debounce, init_utils = __esm({
  "node_modules/@tanstack/virtual-core/dist/esm/utils.js"() {
    approxEqual = (a5, b3) => Math.abs(a5 - b3) < 1.01, debounce = (targetWindow, fn, ms) => {
      let timeoutId;
      return Object.assign(
        function(...args) {
          targetWindow.clearTimeout(timeoutId), timeoutId = targetWindow.setTimeout(() => fn.apply(this, args), ms);
        },
        {
          // The handle is closure-local, so a caller that has already
          // unsubscribed has no way to stop a queued call. Teardown paths use
          // this to drop the pending invocation instead of letting it land.
          cancel: () => {
            targetWindow.clearTimeout(timeoutId);
          }
        }
      );
    };
  }
});

// node_modules/@tanstack/virtual-core/dist/esm/scroll-classifier.js
function classifyScrollEvent({
  offset: offset2,
  isScrolling,
  elementMax,
  holdOffset,
  scrollOffset,
  pendingWrite,
  clampedMaxAtWrite
}) {
  var _a;
  return isScrolling && pendingWrite === null && offset2 === scrollOffset ? "spurious" : pendingWrite !== null && Math.abs(offset2 - pendingWrite.target) < 1.5 ? "readBack" : pendingWrite !== null && !pendingWrite.smooth && elementMax !== null && pendingWrite.target > elementMax + holdOffset + 0.5 && Math.abs(offset2 - (elementMax + holdOffset)) < 1.5 || pendingWrite !== null && !pendingWrite.smooth && ((_a = pendingWrite.lowMaxes) != null && _a.some((max) => Math.abs(offset2 - max) < 1.5)) ? "clampedReadBack" : clampedMaxAtWrite !== null && Math.abs(offset2 - clampedMaxAtWrite) < 1.5 ? "clampedEcho" : "external";
}
function externalRetiresCommand({
  kind,
  offset: offset2,
  command: command2,
  target
}) {
  return kind !== "spurious" && kind !== "readBack" && // Our own write, clamped (`clampedReadBack`, #1310): the command is not
  // retired by it, and reconcile retargets below the new max.
  kind !== "clampedReadBack" && command2?.index != null && // Nothing has been written for a command waiting for the tail; these
  // are the fling's events.
  command2.phase !== "queued" && // A non-smooth write lands at once, so any other scroll event is the
  // user's, even before reconcile saw the target reached (the target may
  // keep moving, or iOS ignored the write under a finger). A write the
  // browser clamped because the sizer hasn't grown yet reads back at the
  // max, which is also where the fresh target clamps, so the check below
  // keeps it reconciling (#1294). While a smooth scroll's animation may
  // still report, its events look like a user's, so it yields only once it
  // has landed.
  !isAnimating(command2.phase) && !approxEqual(offset2, command2.lastTargetOffset) && !approxEqual(offset2, target()) && // A compensation write's clamped echo (#1258) keeps the command. The
  // order is deliberate, not tidiness: this clause stays after `target()`
  // (and `clampedReadBack` before it) because `target()` can rebuild the
  // measurements, so it must run for exactly the events it always did.
  kind !== "clampedEcho";
}
function flingSpedUp(samples) {
  let last = samples[samples.length - 1];
  if (last === void 0) return !1;
  let j3 = samples.length - 2;
  for (; j3 >= 0 && last.t - samples[j3].t < FLING_WINDOW_MS; ) j3--;
  if (j3 < 0) return !1;
  let mid = samples[j3], k4 = j3 - 1;
  for (; k4 >= 0 && mid.t - samples[k4].t < FLING_WINDOW_MS; ) k4--;
  if (k4 < 0) return !1;
  let first = samples[k4], recent = (last.offset - mid.offset) / (last.t - mid.t), before = (mid.offset - first.offset) / (mid.t - first.t);
  return recent * before >= 0 && Math.abs(recent) >= 2 * Math.abs(before) && Math.abs(recent) - Math.abs(before) >= 0.8;
}
function flingCaught(samples) {
  let last = samples[samples.length - 1];
  if (last === void 0) return !1;
  let j3 = samples.length - 2;
  for (; j3 >= 0 && last.t - samples[j3].t < FLING_WINDOW_MS; ) j3--;
  if (j3 < 0) return !1;
  let from = samples[j3];
  return Math.abs(last.offset - from.offset) / (last.t - from.t) >= 0.05;
}
var isAnimating, FLING_WINDOW_MS, init_scroll_classifier = __esm({
  "node_modules/@tanstack/virtual-core/dist/esm/scroll-classifier.js"() {
    init_utils();
    isAnimating = (phase) => phase === "smooth" || phase === "smoothFinishing";
    FLING_WINDOW_MS = 40;
  }
});

// node_modules/@tanstack/virtual-core/dist/esm/ios-gesture.js
var _isIOSResult, isIOSWebKit, _iosMomentumOverridesWritesResult, iosMomentumOverridesWrites, momentumOverridesWrites, touchListenerOptions, IosGesture, init_ios_gesture = __esm({
  "node_modules/@tanstack/virtual-core/dist/esm/ios-gesture.js"() {
    isIOSWebKit = () => {
      if (_isIOSResult !== void 0) return _isIOSResult;
      if (typeof navigator > "u") return _isIOSResult = !1;
      if (/iP(hone|od|ad)/.test(navigator.userAgent)) return _isIOSResult = !0;
      let mtp = navigator.maxTouchPoints;
      return _isIOSResult = navigator.platform === "MacIntel" && mtp !== void 0 && mtp > 0;
    }, iosMomentumOverridesWrites = () => _iosMomentumOverridesWritesResult !== void 0 ? _iosMomentumOverridesWritesResult : _iosMomentumOverridesWritesResult = isIOSWebKit() && typeof CSS < "u" && typeof CSS.supports == "function" && CSS.supports("overflow-anchor: auto"), momentumOverridesWrites = () => !isIOSWebKit() || iosMomentumOverridesWrites(), touchListenerOptions = {
      capture: !0,
      passive: !0
    }, IosGesture = class {
      constructor(host) {
        this.host = host, this._touch = null, this.inMotion = () => this._touch !== null && this._touch.phase !== "lateFling", this.dragging = () => {
          var _a;
          return ((_a = this._touch) == null ? void 0 : _a.phase) === "down" && this._touch.moved;
        }, this.tail = () => {
          var _a;
          return ((_a = this._touch) == null ? void 0 : _a.phase) === "tail" ? this._touch.moved ? "fling" : "tap" : null;
        }, this.onScroll = ({
          isScrolling,
          ownReadBack,
          moved,
          external
        }) => {
          var _a, _b, _c;
          return isScrolling && ((_a = this._touch) == null ? void 0 : _a.phase) === "tail" ? this._openTail(this._touch.moved || !ownReadBack, !1) : ((_b = this._touch) == null ? void 0 : _b.phase) === "lateFling" && (this.host.now() > this._touch.until ? this._touch = null : external && isScrolling && moved && this._openTail(!0, !1)), !ownReadBack && isScrolling && moved && ((_c = this._touch) == null ? void 0 : _c.phase) === "down" ? (this._touch.moved = !0, !0) : !1;
        }, this.touchStart = () => {
          this.end(), this._touch = { phase: "down", moved: !1 };
        }, this.touchEnd = () => {
          var _a;
          let moved = ((_a = this._touch) == null ? void 0 : _a.phase) === "down" && this._touch.moved;
          this.end(), this._openTail(moved, moved);
        }, this.end = () => {
          var _a;
          let win = this.host.getWindow();
          ((_a = this._touch) == null ? void 0 : _a.phase) === "tail" && win != null && win.clearTimeout(this._touch.timerId), this._touch = null;
        }, this.listen = (target) => {
          let onTouchStart = () => this.touchStart(), onTouchEnd = () => this.touchEnd();
          return target.addEventListener("touchstart", onTouchStart, touchListenerOptions), target.addEventListener("touchend", onTouchEnd, touchListenerOptions), target.addEventListener("touchcancel", onTouchEnd, touchListenerOptions), () => {
            target.removeEventListener(
              "touchstart",
              onTouchStart,
              touchListenerOptions
            ), target.removeEventListener("touchend", onTouchEnd, touchListenerOptions), target.removeEventListener(
              "touchcancel",
              onTouchEnd,
              touchListenerOptions
            ), this.end();
          };
        }, this._openTail = (moved, awaitingFling) => {
          let win = this.host.getWindow();
          if (win == null) return;
          this.end();
          let tail = {
            phase: "tail",
            moved,
            awaitingFling,
            // Only fires while this tail is current: `end` clears it otherwise.
            timerId: win.setTimeout(() => {
              if (this.host.tailStillMoving()) {
                this._openTail(tail.moved, tail.awaitingFling);
                return;
              }
              this._touch = tail.awaitingFling ? { phase: "lateFling", until: this.host.now() + 1e3 } : null, this.host.onTailClosed();
            }, 150)
          };
          this._touch = tail;
        };
      }
      get touch() {
        return this._touch;
      }
    };
  }
});

// node_modules/@tanstack/virtual-core/dist/esm/index.js
function isAppendWithTrim(prevCount, nextCount, getPreviousKey, getNextKey) {
  if (nextCount === 0) return !1;
  let firstKey = getNextKey(0), removedKeys = /* @__PURE__ */ new Set(), removedCount = 0;
  for (; removedCount < prevCount; ) {
    let key = getPreviousKey(removedCount);
    if (key === firstKey) break;
    removedKeys.add(key), removedCount++;
  }
  let retainedCount = prevCount - removedCount;
  if (retainedCount === 0 || retainedCount >= nextCount) return !1;
  for (let i4 = 0; i4 < retainedCount; i4++)
    if (getNextKey(i4) !== getPreviousKey(removedCount + i4)) return !1;
  for (let i4 = retainedCount; i4 < nextCount; i4++)
    if (removedKeys.has(getNextKey(i4))) return !1;
  return !0;
}
function findNearestBinarySearchFlat(flat, high, value) {
  let low = 0;
  for (; low <= high; ) {
    let middle = (low + high) / 2 | 0, currentValue = flat[middle * 2];
    if (currentValue < value)
      low = middle + 1;
    else if (currentValue > value)
      high = middle - 1;
    else
      return middle;
  }
  return low > 0 ? low - 1 : 0;
}
function calculateRangeImpl(measurements, outerSize, scrollOffset, lanes, flat) {
  let lastIndex = measurements.length - 1;
  if (measurements.length <= lanes)
    return { startIndex: 0, endIndex: lastIndex };
  if (lanes === 1 && flat !== null) {
    let startIndex2 = findNearestBinarySearchFlat(
      flat,
      lastIndex,
      scrollOffset
    ), endIndex2 = startIndex2, limit = scrollOffset + outerSize;
    for (; endIndex2 < lastIndex && flat[endIndex2 * 2] + flat[endIndex2 * 2 + 1] < limit; )
      endIndex2++;
    return { startIndex: startIndex2, endIndex: endIndex2 };
  }
  let startIndex = findNearestBinarySearch(0, lastIndex, (index) => measurements[index].start, scrollOffset), endIndex = startIndex;
  if (lanes === 1)
    for (; endIndex < lastIndex && measurements[endIndex].end < scrollOffset + outerSize; )
      endIndex++;
  else if (lanes > 1) {
    let endPerLane = Array(lanes).fill(0);
    for (; endIndex < lastIndex && endPerLane.some((pos) => pos < scrollOffset + outerSize); ) {
      let item = measurements[endIndex];
      endPerLane[item.lane] = item.end, endIndex++;
    }
    let startPerLane = Array(lanes).fill(scrollOffset + outerSize);
    for (; startIndex >= 0 && startPerLane.some((pos) => pos >= scrollOffset); ) {
      let item = measurements[startIndex];
      startPerLane[item.lane] = item.start, startIndex--;
    }
    startIndex = Math.max(0, startIndex - startIndex % lanes), endIndex = Math.min(lastIndex, endIndex + (lanes - 1 - endIndex % lanes));
  }
  return { startIndex, endIndex };
}
var getRect, createFrameQueue, defaultKeyExtractor, defaultRangeExtractor, observeElementRect, addEventListenerOptions, supportsScrollend, observeOffset, observeElementOffset, measureElement, scrollWithAdjustments, elementScroll, initialScrollPhase, isSmoothScroll, Virtualizer, findNearestBinarySearch, init_esm = __esm({
  "node_modules/@tanstack/virtual-core/dist/esm/index.js"() {
    init_lazy_measurements();
    init_utils();
    init_scroll_classifier();
    init_ios_gesture();
    getRect = (element) => {
      let { clientWidth, clientHeight } = element;
      return { width: clientWidth, height: clientHeight };
    }, createFrameQueue = (targetWindow) => {
      let ids = /* @__PURE__ */ new Set();
      return {
        schedule: (fn) => {
          let id = targetWindow.requestAnimationFrame(() => {
            ids.delete(id), fn();
          });
          ids.add(id);
        },
        cancel: () => {
          ids.forEach((id) => targetWindow.cancelAnimationFrame(id)), ids.clear();
        }
      };
    }, defaultKeyExtractor = (index) => index, defaultRangeExtractor = (range) => {
      let overscan = range.overscan * Math.max(range.lanes ?? 1, 1), start2 = Math.max(range.startIndex - overscan, 0), len = Math.min(range.endIndex + overscan, range.count - 1) - start2 + 1, arr = new Array(len);
      for (let i4 = 0; i4 < len; i4++)
        arr[i4] = start2 + i4;
      return arr;
    }, observeElementRect = (instance, cb) => {
      let element = instance.scrollElement;
      if (!element)
        return;
      let targetWindow = instance.targetWindow;
      if (!targetWindow)
        return;
      let handler = (rect) => {
        let { width, height } = rect;
        cb({ width: Math.round(width), height: Math.round(height) });
      };
      if (handler(getRect(element)), !targetWindow.ResizeObserver)
        return () => {
        };
      let frames = createFrameQueue(targetWindow), observer = new targetWindow.ResizeObserver(() => {
        let run = () => {
          handler(getRect(element));
        };
        instance.options.useAnimationFrameWithResizeObserver ? frames.schedule(run) : run();
      });
      return observer.observe(element, { box: "content-box" }), () => {
        observer.unobserve(element), frames.cancel();
      };
    }, addEventListenerOptions = {
      passive: !0
    }, supportsScrollend = typeof window > "u" ? !0 : "onscrollend" in window, observeOffset = (instance, cb, readOffset) => {
      let element = instance.scrollElement;
      if (!element)
        return;
      let targetWindow = instance.targetWindow;
      if (!targetWindow)
        return;
      let registerScrollendEvent = instance.options.useScrollendEvent && supportsScrollend, offset2 = 0, fallback = registerScrollendEvent ? null : debounce(
        targetWindow,
        () => cb(readOffset(element), !1),
        instance.options.isScrollingResetDelay
      ), createHandler = (isScrolling) => () => {
        offset2 = readOffset(element), fallback?.(), cb(offset2, isScrolling);
      }, handler = createHandler(!0), endHandler = createHandler(!1);
      return element.addEventListener("scroll", handler, addEventListenerOptions), registerScrollendEvent && element.addEventListener("scrollend", endHandler, addEventListenerOptions), () => {
        element.removeEventListener("scroll", handler), registerScrollendEvent && element.removeEventListener("scrollend", endHandler), fallback?.cancel();
      };
    }, observeElementOffset = (instance, cb) => observeOffset(instance, cb, (el) => {
      let { horizontal, isRtl } = instance.options;
      return horizontal ? el.scrollLeft * (isRtl && -1 || 1) : el.scrollTop;
    }), measureElement = (element, entry, instance) => {
      if (instance.options.useCachedMeasurements) {
        let index = instance.indexFromElement(element), key = instance.options.getItemKey(index);
        return instance.itemSizeCache.get(key) ?? instance.options.estimateSize(index);
      }
      if (entry?.borderBoxSize) {
        let box = entry.borderBoxSize[0];
        if (box)
          return Math.round(
            box[instance.options.horizontal ? "inlineSize" : "blockSize"]
          );
      }
      if (!entry) {
        let index = instance.indexFromElement(element), key = instance.options.getItemKey(index), cachedSize = instance.itemSizeCache.get(key);
        if (cachedSize !== void 0)
          return cachedSize;
      }
      return element[instance.options.horizontal ? "offsetWidth" : "offsetHeight"];
    }, scrollWithAdjustments = (offset2, {
      adjustments = 0,
      behavior
    }, instance) => {
      var _a;
      let { scrollElement, options } = instance, adjustedOffset = offset2 + adjustments, isRtlElement = options.horizontal && options.isRtl && scrollElement !== null && "ownerDocument" in scrollElement;
      (_a = scrollElement?.scrollTo) == null || _a.call(scrollElement, {
        [options.horizontal ? "left" : "top"]: isRtlElement ? -adjustedOffset : adjustedOffset,
        behavior
      });
    }, elementScroll = scrollWithAdjustments, initialScrollPhase = (behavior, atTarget) => behavior === "smooth" ? atTarget ? "smoothLanded" : "smooth" : "instant", isSmoothScroll = (state) => state?.phase === "smooth" || state?.phase === "smoothLanded";
    Virtualizer = class {
      constructor(opts) {
        this.unsubs = [], this.scrollElement = null, this.targetWindow = null, this.isScrolling = !1, this.scrollState = null, this.measurementsCache = [], this._singleLaneMeasurements = null, this.itemSizeCache = /* @__PURE__ */ new Map(), this.itemSizeCacheVersion = 0, this.laneAssignments = /* @__PURE__ */ new Map(), this.pendingMin = null, this.prevLanes = void 0, this.lanesChangedFlag = !1, this.lanesSettling = !1, this.pendingScrollAnchor = null, this.scrollRect = null, this.scrollOffset = null, this.scrollDirection = null, this._holdOffset = 0, this._reportedOverscroll = !1, this._iosGesture = new IosGesture({
          getWindow: () => this.targetWindow,
          now: () => this.now(),
          // The end of a fling can move less than a pixel per scroll event, so
          // events can stop for 150ms while the fling is still running (seen on
          // an iPhone, 27.0.1). A command waiting for it would then be written
          // into the fling and overridden. The element having moved since the
          // last event means it has not ended: wait again. Not while our own
          // write has yet to report: that moved it.
          tailStillMoving: () => {
            let state = this.scrollState;
            if (state?.phase !== "queued" || this.pendingWrite !== null)
              return !1;
            let now2 = this._readElementOffset();
            return now2 === null || this._lastElementOffset === null || Math.abs(now2 - this._lastElementOffset) < 1 ? !1 : (this._lastElementOffset = now2, state.samples = [...state.samples ?? [], { t: this.now(), offset: now2 }], !0);
          },
          onTailClosed: () => {
            let state = this.scrollState;
            state?.phase === "queued" && flingCaught(state.samples ?? []) && (this.scrollState = null), this._flushHoldIfReady(!0), this._writeAwaitingCommand(), this._retryClampedAdjustment();
          }
        }), this._lastElementOffset = null, this.pendingWrite = null, this._clampedAdjustment = null, this.elementsCache = /* @__PURE__ */ new Map(), this._resizeBatch = null, this.now = () => {
          var _a, _b, _c;
          return ((_c = (_b = (_a = this.targetWindow) == null ? void 0 : _a.performance) == null ? void 0 : _b.now) == null ? void 0 : _c.call(_b)) ?? Date.now();
        }, this.observer = /* @__PURE__ */ (() => {
          let _ro = null, _frames = null, delivering = !1, observeQueued = !1, pendingObservations = /* @__PURE__ */ new Set(), get = () => {
            if (_ro)
              return _ro;
            let targetWindow = this.targetWindow;
            if (!targetWindow || !targetWindow.ResizeObserver)
              return null;
            let frames = _frames = createFrameQueue(targetWindow);
            return _ro = new targetWindow.ResizeObserver((entries) => {
              let run = () => {
                let batch = { sync: !1 };
                this._resizeBatch = batch;
                try {
                  entries.forEach(measureEntry);
                } finally {
                  this._resizeBatch = null, batch.notify && (this.notify(batch.sync), this._noteClampMax(), this._flushHoldIfReady(!0), this._retryClampedAdjustment(), this.measureElement(null));
                }
              };
              if (this.options.useAnimationFrameWithResizeObserver)
                frames.schedule(run);
              else {
                delivering = !0;
                try {
                  run();
                } finally {
                  delivering = !1;
                }
              }
            });
          }, measureEntry = (entry) => {
            let node = entry.target, index = this.indexFromElement(node);
            if (!node.isConnected) {
              this.observer.unobserve(node);
              for (let [cacheKey, cachedNode] of this.elementsCache)
                if (cachedNode === node) {
                  this.elementsCache.delete(cacheKey);
                  break;
                }
              return;
            }
            this.isIndexInRange(index) && this.shouldMeasureDuringScroll(index) && this.resizeItem(index, this.options.measureElement(node, entry, this));
          };
          return {
            disconnect: () => {
              var _a;
              (_a = get()) == null || _a.disconnect(), _frames?.cancel(), pendingObservations.clear(), observeQueued = !1, _ro = null, _frames = null;
            },
            observe: (target) => {
              let observer = get();
              if (observer) {
                if (!delivering) {
                  observer.observe(target, { box: "border-box" });
                  return;
                }
                pendingObservations.add(target), observeQueued || (observeQueued = !0, _frames?.schedule(() => {
                  observeQueued = !1, pendingObservations.forEach((node) => {
                    node.isConnected && _ro?.observe(node, { box: "border-box" });
                  }), pendingObservations.clear();
                }));
              }
            },
            unobserve: (target) => {
              var _a;
              pendingObservations.delete(target), (_a = get()) == null || _a.unobserve(target);
            }
          };
        })(), this.range = null, this.setOptions = (opts2) => {
          var _a;
          let merged2 = {
            debug: !1,
            initialOffset: 0,
            overscan: 1,
            paddingStart: 0,
            paddingEnd: 0,
            scrollPaddingStart: 0,
            scrollPaddingEnd: 0,
            horizontal: !1,
            getItemKey: defaultKeyExtractor,
            rangeExtractor: defaultRangeExtractor,
            onChange: () => {
            },
            measureElement,
            initialRect: { width: 0, height: 0 },
            scrollMargin: 0,
            gap: 0,
            indexAttribute: "data-index",
            initialMeasurementsCache: [],
            lanes: 1,
            anchorTo: "start",
            followOnAppend: !1,
            scrollEndThreshold: 1,
            isScrollingResetDelay: 150,
            enabled: !0,
            isRtl: !1,
            useScrollendEvent: !1,
            useAnimationFrameWithResizeObserver: !1,
            laneAssignmentMode: "estimate",
            useCachedMeasurements: !1
          };
          for (let key in opts2) {
            let v4 = opts2[key];
            v4 !== void 0 && (merged2[key] = v4);
          }
          let prevOptions = this.options, anchor = null, followOnAppend = null, edgeKeysChanged = !1;
          if (prevOptions !== void 0 && prevOptions.enabled && merged2.enabled && merged2.anchorTo === "end" && this.scrollElement !== null) {
            let prevCount = prevOptions.count, nextCount = merged2.count, measurements = this.getMeasurements(), previousItems = ((_a = this._singleLaneMeasurements) == null ? void 0 : _a.items) ?? measurements, getPreviousKey = (index) => getMeasurementKey(previousItems[index]), prevFirstKey = prevCount > 0 ? getPreviousKey(0) : null, prevLastKey = prevCount > 0 ? getPreviousKey(prevCount - 1) : null;
            if (nextCount !== prevCount || prevCount > 0 && nextCount > 0 && (merged2.getItemKey(0) !== prevFirstKey || merged2.getItemKey(nextCount - 1) !== prevLastKey)) {
              edgeKeysChanged = !0;
              let item = prevCount > 0 ? this.getVirtualItemForOffset(this.getScrollOffset()) ?? measurements[0] : null;
              item && (anchor = [item.key, this.getScrollOffset() - item.start]);
              let behavior = merged2.followOnAppend === !0 ? "auto" : merged2.followOnAppend || null;
              behavior && nextCount > 0 && this.isAtEnd(prevOptions.scrollEndThreshold) && (prevCount === 0 || merged2.getItemKey(nextCount - 1) !== prevLastKey) && (nextCount > prevCount || isAppendWithTrim(
                prevCount,
                nextCount,
                getPreviousKey,
                merged2.getItemKey
              )) && (followOnAppend = behavior);
            }
          }
          this.options = merged2, edgeKeysChanged && (this.pendingMin = 0, this.itemSizeCacheVersion++);
          let anchorDelta = null;
          if (anchor && this.scrollOffset !== null && !this._awaitingCommandReadBack()) {
            let [anchorKey, anchorOffset] = anchor, newMeasurements = this.getMeasurements(), { count: count2, getItemKey } = this.options, idx = 0;
            for (; idx < count2 && getItemKey(idx) !== anchorKey; )
              idx++;
            if (idx < count2) {
              let anchorItem = newMeasurements[idx];
              if (anchorItem) {
                let newOffset = Math.max(0, anchorItem.start + anchorOffset);
                !followOnAppend && newOffset !== this.scrollOffset && (anchorDelta = newOffset - this.scrollOffset, this.scrollOffset = newOffset);
              }
            }
          }
          followOnAppend ? this.pendingScrollAnchor = { kind: "follow", behavior: followOnAppend } : anchorDelta !== null && (this._canWriteScroll() ? this.pendingScrollAnchor = { kind: "anchor", delta: anchorDelta } : (this._holdOffset += anchorDelta, this._followOffsetTarget(anchorDelta)));
        }, this.notify = (sync) => {
          var _a, _b;
          (_b = (_a = this.options).onChange) == null || _b.call(_a, this, sync);
        }, this.maybeNotify = memo(
          () => (this.calculateRange(), [
            this.isScrolling,
            this.range ? this.range.startIndex : null,
            this.range ? this.range.endIndex : null
          ]),
          (isScrolling) => {
            this.notify(isScrolling);
          },
          {
            key: "maybeNotify",
            debug: () => this.options.debug,
            initialDeps: [
              this.isScrolling,
              this.range ? this.range.startIndex : null,
              this.range ? this.range.endIndex : null
            ]
          }
        ), this.cleanup = () => {
          var _a;
          this.unsubs.filter(Boolean).forEach((d5) => d5()), this.unsubs = [], this.observer.disconnect(), this.rafId != null && this.targetWindow && (this.targetWindow.cancelAnimationFrame(this.rafId), this.rafId = null), this.scrollState = null, (_a = this._momentumStop) == null || _a.restore(), this._momentumStop = null, this.isScrolling = !1, this.scrollDirection = null, this._holdOffset = 0, this._reportedOverscroll = !1, this._clampedAdjustment = null, this.pendingWrite = null, this.scrollElement = null, this.targetWindow = null;
        }, this._didMount = () => () => {
          this.cleanup();
        }, this._willUpdate = () => {
          var _a;
          let scrollElement = this.options.enabled ? this.options.getScrollElement() : null;
          if (this.scrollElement !== scrollElement) {
            if (this.cleanup(), !scrollElement) {
              this.maybeNotify();
              return;
            }
            this.scrollElement = scrollElement, this.scrollElement && "ownerDocument" in this.scrollElement ? this.targetWindow = this.scrollElement.ownerDocument.defaultView : this.targetWindow = ((_a = this.scrollElement) == null ? void 0 : _a.window) ?? null, this.elementsCache.forEach((cached) => {
              this.observer.observe(cached);
            }), this.unsubs.push(
              this.options.observeElementRect(this, (rect) => {
                this.scrollRect = rect, this.maybeNotify();
              })
            ), this.unsubs.push(
              this.options.observeElementOffset(this, (offset2, isScrolling) => {
                var _a2, _b, _c, _d;
                let elementMax = isScrolling ? this._elementMaxScrollOffset() : null, wasOverscrolled = this._reportedOverscroll;
                this._reportedOverscroll = offset2 < 0 || elementMax !== null && offset2 > elementMax + 1;
                let elementOffset = offset2;
                this._lastElementOffset = elementOffset, offset2 = this._toLayoutOffset(offset2);
                let kind = this._classifyScrollEvent(
                  offset2,
                  isScrolling,
                  elementMax
                );
                if (kind === "spurious") return;
                kind === "readBack" ? offset2 = this.pendingWrite.target : kind === "clampedReadBack" && ((_a2 = this.scrollState) == null ? void 0 : _a2.index) != null && // Not `elementMax`: an adapter can report the read-back at rest.
                offset2 < this.getMaxScrollOffset() - 1.5 ? this.scrollState.lastTargetOffset = offset2 : externalRetiresCommand({
                  kind,
                  offset: offset2,
                  command: this.scrollState,
                  target: () => this.getScrollStateTarget(this.scrollState)
                }) && (this.scrollState = null), this.pendingWrite = null, this._clampedAdjustment !== null && Math.abs(offset2 - this._clampedAdjustment.maxAtWrite) >= 1.5 && (this._clampedAdjustment = null);
                let prevOffset = this.getScrollOffset(), prevDirection = this.scrollDirection;
                this.scrollDirection = isScrolling ? prevOffset === offset2 ? this.scrollDirection : prevOffset < offset2 ? "forward" : "backward" : null, this.scrollOffset = offset2, this.isScrolling = isScrolling;
                let queued = this.scrollState;
                if (queued?.phase === "queued" && kind === "external" && isScrolling)
                  if (wasOverscrolled || this._reportedOverscroll)
                    queued.samples = [];
                  else {
                    let t4 = this.now();
                    queued.samples = [
                      ...(queued.samples ?? []).filter(
                        (sample) => t4 - sample.t <= 200
                      ),
                      { t: t4, offset: elementOffset }
                    ], (prevDirection !== null && this.scrollDirection !== prevDirection || flingSpedUp(queued.samples)) && (this.scrollState = null);
                  }
                this._iosGesture.onScroll({
                  isScrolling,
                  ownReadBack: kind === "readBack",
                  moved: offset2 !== prevOffset,
                  // Neither our write's read-back nor a frame of our smooth
                  // animation: the user or a fling moved it.
                  external: kind === "external" && ((_b = this.scrollState) == null ? void 0 : _b.phase) !== "smooth" && ((_c = this.scrollState) == null ? void 0 : _c.phase) !== "smoothFinishing"
                }) && // The user scrolls: a command still waiting for the tail is
                // theirs to override, like a written one would be.
                ((_d = this.scrollState) == null ? void 0 : _d.phase) === "queued" && (this.scrollState = null), this._flushHoldIfReady(!0), this.scrollState && this.scheduleScrollReconcile(), this.maybeNotify();
              })
            ), "addEventListener" in this.scrollElement && this.unsubs.push(
              this._iosGesture.listen(this.scrollElement)
            ), this._scrollToOffset(this.getScrollOffset());
          }
          this._noteClampMax();
          let anchor = this.pendingScrollAnchor;
          this.pendingScrollAnchor = null, anchor && this.scrollElement && this.options.enabled && (anchor.kind === "anchor" ? this._canWriteScroll() ? isSmoothScroll(this.scrollState) && !approxEqual(
            this.getScrollOffset() - anchor.delta,
            this.scrollState.lastTargetOffset
          ) || (this._followOffsetTarget(anchor.delta), this._scrollToOffset(this.getScrollOffset())) : (this._holdOffset += anchor.delta, this._followOffsetTarget(anchor.delta), this.notify(!1)) : this.scrollToEnd({ behavior: anchor.behavior })), this._flushHoldIfReady(!1), this._retryClampedAdjustment();
        }, this._classifyScrollEvent = (offset2, isScrolling, elementMax) => {
          var _a;
          return classifyScrollEvent({
            offset: offset2,
            isScrolling,
            elementMax,
            holdOffset: this._holdOffset,
            scrollOffset: this.scrollOffset,
            pendingWrite: this.pendingWrite,
            clampedMaxAtWrite: ((_a = this._clampedAdjustment) == null ? void 0 : _a.maxAtWrite) ?? null
          });
        }, this._retryClampedAdjustment = () => {
          if (this._clampedAdjustment === null || !this.scrollElement || !this.options.enabled || !this._canWriteScroll())
            return;
          let { target, maxAtWrite } = this._clampedAdjustment, max = this.getMaxScrollOffset();
          max > maxAtWrite + 0.5 && (this._clampedAdjustment = target > max + 0.5 ? { target, maxAtWrite: max } : null, this._scrollToOffset(target));
        }, this._writeAwaitingCommand = () => {
          let state = this.scrollState;
          if (state === null || state.phase !== "queued") return;
          let { behavior } = state;
          this.getMeasurements();
          let offset2 = this.getScrollStateTarget(state);
          state.lastTargetOffset = offset2, this._clampedAdjustment = null, state.phase = initialScrollPhase(
            behavior,
            state.index != null && approxEqual(offset2, this.getScrollOffset())
          ), this._scrollToOffset(offset2, { behavior }), this.scheduleScrollReconcile();
        }, this._readElementOffset = () => {
          let el = this.scrollElement;
          if (el == null) return null;
          let { horizontal, isRtl } = this.options;
          return typeof el.scrollTop == "number" ? horizontal ? el.scrollLeft * (isRtl && -1 || 1) : el.scrollTop : typeof el.scrollY == "number" ? horizontal ? el.scrollX : el.scrollY : null;
        }, this._canWriteScroll = () => !(isIOSWebKit() && this._iosGesture.inMotion()) && !this._reportedOverscroll, this._flushHoldIfReady = (sync) => {
          var _a;
          if (this._holdOffset === 0 || !this.scrollElement || !this.options.enabled || !this._canWriteScroll() || ((_a = this.scrollState) == null ? void 0 : _a.phase) === "smooth") return;
          this._holdOffset = 0, this.scrollOffset !== null && this.scrollOffset < 0 && (this.scrollOffset = 0), this.notify(sync);
          let target = this.getCommandWrittenOffset() ?? this.getScrollOffset();
          this._clampedAdjustment = this._clampedBy(target), this._scrollToOffset(target);
        }, this.rafId = null, this.getSize = () => this.options.enabled ? (this.scrollRect = this.scrollRect ?? this.options.initialRect, this.scrollRect[this.options.horizontal ? "width" : "height"]) : (this.scrollRect = null, 0), this.getScrollOffset = () => this.options.enabled ? (this.scrollOffset = this.scrollOffset ?? (typeof this.options.initialOffset == "function" ? this.options.initialOffset() : this.options.initialOffset), this.scrollOffset) : (this.scrollOffset = null, 0), this.getMeasurementOptions = memo(
          () => [
            this.options.count,
            this.options.paddingStart,
            this.options.scrollMargin,
            this.options.getItemKey,
            this.options.enabled,
            this.options.lanes,
            this.options.laneAssignmentMode,
            this.options.gap
          ],
          (count2, paddingStart, scrollMargin, getItemKey, enabled, lanes, laneAssignmentMode, gap) => (this.prevLanes !== void 0 && this.prevLanes !== lanes && (this.lanesChangedFlag = !0), this.prevLanes = lanes, this.pendingMin = null, {
            count: count2,
            paddingStart,
            scrollMargin,
            getItemKey,
            enabled,
            lanes,
            laneAssignmentMode,
            gap
          }),
          {
            key: !1
          }
        ), this.isIndexInRange = (index) => index >= 0 && index < this.options.count, this.getMeasurements = memo(
          () => [this.getMeasurementOptions(), this.itemSizeCacheVersion],
          ({
            count: count2,
            paddingStart,
            scrollMargin,
            getItemKey,
            enabled,
            lanes,
            laneAssignmentMode,
            gap
          }, _itemSizeCacheVersion) => {
            var _a;
            let itemSizeCache = this.itemSizeCache;
            if (!enabled)
              return this.measurementsCache = [], this._singleLaneMeasurements = null, this.itemSizeCache.clear(), this.laneAssignments.clear(), [];
            if (this.laneAssignments.size > count2)
              for (let index of this.laneAssignments.keys())
                index >= count2 && this.laneAssignments.delete(index);
            this.lanesChangedFlag && (this.lanesChangedFlag = !1, this.lanesSettling = !0, this.measurementsCache = [], this._singleLaneMeasurements = null, this.itemSizeCache.clear(), this.laneAssignments.clear(), this.pendingMin = null), this.measurementsCache.length === 0 && !this.lanesSettling && (this.measurementsCache = this.options.initialMeasurementsCache, this.measurementsCache.forEach((item) => {
              this.itemSizeCache.set(item.key, item.size);
            }));
            let min = this.lanesSettling ? 0 : this.pendingMin ?? 0;
            if (this.pendingMin = null, this.lanesSettling && this.measurementsCache.length === count2 && (this.lanesSettling = !1), lanes === 1) {
              let need = count2 * 2, flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat;
              if (!flat || flat.length < need) {
                let next = new Float64Array(need);
                flat && min > 0 && next.set(flat.subarray(0, min * 2)), flat = next;
              }
              let items = min === 0 ? new Array(count2) : this._singleLaneMeasurements.items.slice(), runningStart;
              if (min === 0)
                runningStart = paddingStart + scrollMargin;
              else {
                let prevIdx = min - 1;
                runningStart = flat[prevIdx * 2] + flat[prevIdx * 2 + 1] + gap;
              }
              for (let i4 = min; i4 < count2; i4++) {
                let key = getItemKey(i4);
                items[i4] = key;
                let measuredSize = itemSizeCache.get(key), size = typeof measuredSize == "number" ? measuredSize : this.options.estimateSize(i4);
                flat[i4 * 2] = runningStart, flat[i4 * 2 + 1] = size, runningStart += size + gap;
              }
              this._singleLaneMeasurements = { flat, items };
              let view2 = createLazyMeasurementsView(items, flat);
              return this.measurementsCache = view2, view2;
            }
            let measurements = this.measurementsCache.slice(0, min), laneLastIndex = new Array(lanes).fill(
              void 0
            ), laneEnds = new Float64Array(lanes), filledLanes = 0;
            for (let m5 = 0; m5 < min; m5++) {
              let item = measurements[m5];
              item && (laneLastIndex[item.lane] === void 0 && filledLanes++, laneLastIndex[item.lane] = m5, laneEnds[item.lane] = item.end);
            }
            for (let i4 = min; i4 < count2; i4++) {
              let key = getItemKey(i4), cachedLane = this.laneAssignments.get(i4), lane, start2, shouldCacheLane = laneAssignmentMode === "estimate" || itemSizeCache.has(key);
              if (cachedLane !== void 0 && this.options.lanes > 1) {
                lane = cachedLane;
                let prevIndex = laneLastIndex[lane], prevInLane = prevIndex !== void 0 ? measurements[prevIndex] : void 0;
                start2 = prevInLane ? prevInLane.end + gap : paddingStart + scrollMargin;
              } else if (filledLanes === lanes) {
                let bestLane = 0, bestEnd = laneEnds[0], bestIdx = laneLastIndex[0];
                for (let l4 = 1; l4 < lanes; l4++) {
                  let e4 = laneEnds[l4];
                  (e4 < bestEnd || e4 === bestEnd && laneLastIndex[l4] < bestIdx) && (bestLane = l4, bestEnd = e4, bestIdx = laneLastIndex[l4]);
                }
                lane = bestLane, start2 = bestEnd + gap, shouldCacheLane && this.laneAssignments.set(i4, lane);
              } else
                lane = i4 % this.options.lanes, start2 = paddingStart + scrollMargin, shouldCacheLane && this.laneAssignments.set(i4, lane);
              let measuredSize = itemSizeCache.get(key), size = typeof measuredSize == "number" ? measuredSize : this.options.estimateSize(i4), end = start2 + size;
              measurements[i4] = {
                index: i4,
                start: start2,
                size,
                end,
                key,
                lane
              }, laneLastIndex[lane] === void 0 && filledLanes++, laneLastIndex[lane] = i4, laneEnds[lane] = end;
            }
            return this.measurementsCache = measurements, measurements;
          },
          {
            key: "getMeasurements",
            debug: () => this.options.debug
          }
        ), this.calculateRange = memo(
          () => [
            this.getMeasurements(),
            this.getSize(),
            this.getScrollOffset(),
            this.options.lanes,
            // scrollOffset is measured in the scroll element and the layout total
            // from the list start, so the list ends scrollMargin further down.
            this._getLayoutTotalSize() + this.options.scrollMargin
          ],
          (measurements, outerSize, scrollOffset, lanes, listEnd) => {
            if (measurements.length === 0 || outerSize === 0)
              return this.range = null, null;
            let maxScrollOffset = Math.max(listEnd - outerSize, 0);
            return this.range = calculateRangeImpl(
              measurements,
              outerSize,
              Math.min(scrollOffset, maxScrollOffset),
              lanes,
              // Pass the typed array so binary search + forward-walk can read
              // start/end directly from Float64Array, skipping the Proxy traps.
              lanes === 1 && this._singleLaneMeasurements !== null ? this._singleLaneMeasurements.flat : null
            ), this.range;
          },
          {
            key: "calculateRange",
            debug: () => this.options.debug
          }
        ), this.getVirtualIndexes = memo(
          () => {
            let startIndex = null, endIndex = null, range = this.calculateRange();
            return range && (startIndex = range.startIndex, endIndex = range.endIndex), this.maybeNotify.updateDeps([this.isScrolling, startIndex, endIndex]), [
              this.options.rangeExtractor,
              this.options.overscan,
              this.options.count,
              startIndex,
              endIndex,
              this.options.lanes
            ];
          },
          (rangeExtractor, overscan, count2, startIndex, endIndex, lanes) => startIndex === null || endIndex === null ? [] : rangeExtractor({
            startIndex,
            endIndex,
            overscan,
            count: count2,
            lanes
          }),
          {
            key: "getVirtualIndexes",
            debug: () => this.options.debug
          }
        ), this.indexFromElement = (node) => {
          let attributeName = this.options.indexAttribute, indexStr = node.getAttribute(attributeName);
          return indexStr ? parseInt(indexStr, 10) : (console.warn(
            `Missing attribute name '${attributeName}={index}' on measured element.`
          ), -1);
        }, this.shouldMeasureDuringScroll = (index) => {
          var _a;
          if (!isSmoothScroll(this.scrollState))
            return !0;
          let scrollIndex = this.scrollState.index ?? ((_a = this.getVirtualItemForOffset(this.scrollState.lastTargetOffset)) == null ? void 0 : _a.index);
          if (scrollIndex !== void 0 && this.range) {
            let bufferSize = Math.max(
              this.options.overscan,
              Math.ceil((this.range.endIndex - this.range.startIndex) / 2)
            ), minIndex = Math.max(0, scrollIndex - bufferSize), maxIndex = Math.min(
              this.options.count - 1,
              scrollIndex + bufferSize
            );
            return index >= minIndex && index <= maxIndex;
          }
          return !0;
        }, this.measureElement = (node) => {
          if (!node) {
            this.elementsCache.forEach((cached, key2) => {
              cached.isConnected || (this.observer.unobserve(cached), this.elementsCache.delete(key2));
            });
            return;
          }
          let index = this.indexFromElement(node);
          if (!this.isIndexInRange(index)) return;
          let key = this.options.getItemKey(index), prevNode = this.elementsCache.get(key);
          prevNode !== node && (prevNode && this.observer.unobserve(prevNode), this.observer.observe(node), this.elementsCache.set(key, node)), node.isConnected && (!this.isScrolling || this.scrollState) && this.shouldMeasureDuringScroll(index) && this.resizeItem(index, this.options.measureElement(node, void 0, this));
        }, this.resizeItem = (index, size) => {
          var _a, _b, _c;
          if (!this.isIndexInRange(index)) return;
          (_a = this._resizeBatch) != null && _a.sync && this.getMeasurements();
          let cachedSize, itemStart, key, flat = (_b = this._singleLaneMeasurements) == null ? void 0 : _b.flat;
          if (this.options.lanes === 1 && flat != null)
            key = this.options.getItemKey(index), itemStart = flat[index * 2], cachedSize = flat[index * 2 + 1];
          else {
            let item = this.measurementsCache[index];
            if (!item) return;
            key = item.key, itemStart = item.start, cachedSize = item.size;
          }
          let itemSize = this.itemSizeCache.get(key) ?? cachedSize, delta = size - itemSize;
          if (delta !== 0) {
            let wasAtEnd = this.options.anchorTo === "end" && !isSmoothScroll(this.scrollState) && this.getVirtualDistanceFromEnd() <= this.options.scrollEndThreshold, prevTotalSize = wasAtEnd ? this._getLayoutTotalSize() : 0, scrollOffset = this.getScrollOffset(), defaultShouldAdjust = !this.itemSizeCache.has(key) ? (
              // First measurement: compensate any item whose top sits above the
              // fold — the estimate→actual delta must be corrected regardless of
              // scroll direction, since the whole estimated block was above it.
              itemStart < scrollOffset
            ) : (
              // Re-measurement: only compensate an item that is ENTIRELY above the
              // fold. An item that merely *spans* the fold (top above, bottom
              // below — e.g. a streaming chat message growing at its bottom)
              // changes size *below* the anchor point, so shifting scrollTop by the
              // delta would drag the viewport downward on every growth (#1218).
              // Also skip during backward scroll to avoid the "items jump while
              // scrolling up" cascade.
              itemStart + itemSize <= scrollOffset && this.scrollDirection !== "backward"
            ), shouldAdjustScroll = !isSmoothScroll(this.scrollState) && (this.shouldAdjustScrollPositionOnItemSizeChange !== void 0 ? this.shouldAdjustScrollPositionOnItemSizeChange(
              // The callback expects a VirtualItem; build one lazily only
              // when the consumer actually supplied a custom predicate.
              this.measurementsCache[index] ?? {
                index,
                key,
                start: itemStart,
                size: cachedSize,
                end: itemStart + cachedSize,
                lane: 0
              },
              delta,
              this
            ) : defaultShouldAdjust);
            (this.pendingMin === null || index < this.pendingMin) && (this.pendingMin = index), this.itemSizeCache.set(key, size), this.itemSizeCacheVersion++;
            let adjustedSync = !1;
            if (this._awaitingCommandReadBack() || (wasAtEnd ? adjustedSync = this.applyScrollAdjustment(
              this._getLayoutTotalSize() - prevTotalSize
            ) : shouldAdjustScroll && (adjustedSync = this.applyScrollAdjustment(delta))), this._resizeBatch) {
              this._resizeBatch.notify = !0, (_c = this._resizeBatch).sync || (_c.sync = adjustedSync);
              return;
            }
            this.notify(adjustedSync), this._noteClampMax(), this._flushHoldIfReady(!0), this._retryClampedAdjustment();
          }
        }, this.getVirtualItems = memo(
          () => [this.getVirtualIndexes(), this.getMeasurements(), this._holdOffset],
          (indexes, measurements, hold) => {
            let virtualItems = [];
            for (let k4 = 0, len = indexes.length; k4 < len; k4++) {
              let i4 = indexes[k4], measurement = measurements[i4];
              virtualItems.push(
                hold === 0 ? measurement : {
                  ...measurement,
                  start: measurement.start - hold,
                  end: measurement.end - hold
                }
              );
            }
            return virtualItems;
          },
          {
            key: "getVirtualItems",
            debug: () => this.options.debug
          }
        ), this.getVirtualItemForOffset = (offset2) => {
          var _a;
          let measurements = this.getMeasurements();
          if (measurements.length === 0)
            return;
          let flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat, useFlat = this.options.lanes === 1 && flat != null, idx = findNearestBinarySearch(
            0,
            measurements.length - 1,
            useFlat ? (i4) => flat[i4 * 2] : (i4) => notUndefined(measurements[i4]).start,
            offset2
          );
          return notUndefined(measurements[idx]);
        }, this._noteClampMax = () => {
          if (!this._awaitingCommandReadBack()) return;
          let elementMax = this._elementMaxScrollOffset();
          if (elementMax === null) return;
          let write2 = this.pendingWrite, max = Math.max(elementMax, 0) + this._holdOffset;
          if (max >= write2.target) return;
          let lowMaxes = write2.lowMaxes ?? (write2.lowMaxes = []);
          lowMaxes[lowMaxes.length - 1] !== max && lowMaxes.push(max);
        }, this.getMaxScrollOffset = () => (this._elementMaxScrollOffset() ?? 0) + this._holdOffset, this._toLayoutOffset = (elementOffset) => {
          var _a;
          let offset2 = elementOffset + this._holdOffset;
          return ((_a = this.pendingScrollAnchor) == null ? void 0 : _a.kind) === "anchor" && (offset2 += this.pendingScrollAnchor.delta), offset2;
        }, this._elementMaxScrollOffset = () => {
          let el = this.scrollElement;
          if (el === null) return null;
          if ("scrollHeight" in el)
            return this.options.horizontal ? el.scrollWidth - el.clientWidth : el.scrollHeight - el.clientHeight;
          if ("document" in el) {
            let doc = el.document.documentElement;
            return this.options.horizontal ? doc.scrollWidth - el.innerWidth : doc.scrollHeight - el.innerHeight;
          }
          return null;
        }, this._momentumStop = null, this._stopMomentum = (done) => {
          let el = this.scrollElement, win = this.targetWindow;
          if (el === null || win === null) return;
          let scroller = "document" in el ? el.document.scrollingElement : el;
          if (!scroller?.style) return;
          if (this._momentumStop) {
            this._momentumStop.done = done;
            return;
          }
          let { style } = scroller, property = this.options.horizontal ? "overflow-x" : "overflow-y", value = style.getPropertyValue(property), priority = style.getPropertyPriority(property), crossSize = () => this.options.horizontal ? scroller.clientHeight : scroller.clientWidth, crossSizeBefore = crossSize();
          if (style.setProperty(property, "hidden", "important"), crossSize() !== crossSizeBefore) {
            style.setProperty(property, value, priority);
            return;
          }
          let stop = {
            // False when the app replaced the hidden value: the fling may not
            // have stopped.
            restore: () => style.getPropertyValue(property) !== "hidden" || style.getPropertyPriority(property) !== "important" ? !1 : (style.setProperty(property, value, priority), !0),
            done
          };
          this._momentumStop = stop, win.requestAnimationFrame(
            () => win.requestAnimationFrame(() => {
              this._momentumStop === stop && (this._momentumStop = null, stop.restore() && stop.done());
            })
          );
        }, this._clampedBy = (target) => {
          let elementMax = this._elementMaxScrollOffset();
          if (elementMax === null) return null;
          let maxAtWrite = elementMax + this._holdOffset;
          return target > maxAtWrite + 0.5 ? { target, maxAtWrite } : null;
        }, this.getVirtualDistanceFromEnd = () => Math.max(
          this._getLayoutTotalSize() + this.options.scrollMargin - this.getSize() - this.getScrollOffset(),
          0
        ), this.getDistanceFromEnd = () => Math.max(this.getMaxScrollOffset() - this.getScrollOffset(), 0), this.isAtEnd = (threshold = this.options.scrollEndThreshold) => this.getDistanceFromEnd() <= threshold, this.getOffsetForAlignment = (toOffset, align, itemSize = 0) => {
          if (!this.scrollElement) return 0;
          let size = this.getSize(), scrollOffset = this.getScrollOffset();
          align === "auto" && (align = toOffset >= scrollOffset + size ? "end" : "start"), align === "center" ? toOffset += (itemSize - size) / 2 : align === "end" && (toOffset -= size);
          let maxOffset = this.getMaxScrollOffset();
          return Math.max(Math.min(maxOffset, toOffset), 0);
        }, this.getOffsetForIndex = (index, align = "auto") => {
          index = Math.max(0, Math.min(index, this.options.count - 1));
          let size = this.getSize(), scrollOffset = this.getScrollOffset(), item = this.getMeasurements()[index];
          if (!item) return;
          if (align === "auto")
            if (item.end >= scrollOffset + size - this.options.scrollPaddingEnd)
              align = "end";
            else if (item.start <= scrollOffset + this.options.scrollPaddingStart)
              align = "start";
            else
              return [scrollOffset, align];
          if (align === "end" && index === this.options.count - 1) {
            let maxOffset = this.getMaxScrollOffset(), toOffset2 = maxOffset - this.options.paddingEnd + this.options.scrollPaddingEnd;
            return [Math.max(Math.min(toOffset2, maxOffset), 0), align];
          }
          let toOffset = align === "end" ? item.end + this.options.scrollPaddingEnd : item.start - this.options.scrollPaddingStart;
          return [
            this.getOffsetForAlignment(toOffset, align, item.size),
            align
          ];
        }, this.scrollToOffset = (toOffset, { align = "start", behavior = "auto" } = {}) => {
          this._startScroll(
            { index: null, align },
            this.getOffsetForAlignment(toOffset, align),
            behavior,
            "absolute"
          );
        }, this.scrollToIndex = (index, {
          align: initialAlign = "auto",
          behavior = "auto"
        } = {}) => {
          index = Math.max(0, Math.min(index, this.options.count - 1));
          let offsetInfo = this.getOffsetForIndex(index, initialAlign);
          if (!offsetInfo) return;
          let [offset2, align] = offsetInfo;
          this._startScroll({ index, align }, offset2, behavior, "absolute");
        }, this.scrollBy = (delta, { behavior = "auto" } = {}) => {
          let offset2 = this.getOffsetForAlignment(
            (this.getCommandWrittenOffset() ?? this.getScrollOffset()) + delta,
            "start"
          );
          this._startScroll(
            { index: null, align: "start" },
            offset2,
            behavior,
            "relative"
          );
        }, this.scrollToEnd = ({ behavior = "auto" } = {}) => {
          if (this.options.count > 0) {
            this._startScroll(
              { index: this.options.count - 1, align: "end", toEnd: !0 },
              Math.max(this.getMaxScrollOffset(), 0),
              behavior,
              "absolute"
            );
            return;
          }
          this.scrollToOffset(Math.max(this.getTotalSize() - this.getSize(), 0), {
            behavior
          });
        }, this.cancelScroll = () => {
          this.rafId != null && this.targetWindow && (this.targetWindow.cancelAnimationFrame(this.rafId), this.rafId = null), this.scrollState = null;
        }, this.getTotalSize = () => Math.max(this._getLayoutTotalSize() - this._holdOffset, 0), this._getLayoutTotalSize = () => {
          var _a, _b;
          let measurements = this.getMeasurements(), end;
          if (measurements.length === 0)
            end = this.options.paddingStart;
          else if (this.options.lanes === 1) {
            let lastIdx = measurements.length - 1, flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat;
            flat != null ? end = flat[lastIdx * 2] + flat[lastIdx * 2 + 1] : end = ((_b = measurements[lastIdx]) == null ? void 0 : _b.end) ?? 0;
          } else {
            let endByLane = Array(this.options.lanes).fill(null), endIndex = measurements.length - 1;
            for (; endIndex >= 0 && endByLane.some((val) => val === null); ) {
              let item = measurements[endIndex];
              endByLane[item.lane] === null && (endByLane[item.lane] = item.end), endIndex--;
            }
            end = Math.max(...endByLane.filter((val) => val !== null));
          }
          return Math.max(
            end - this.options.scrollMargin + this.options.paddingEnd,
            0
          );
        }, this.takeSnapshot = () => {
          let snapshot = [];
          if (this.itemSizeCache.size === 0) return snapshot;
          let m5 = this.getMeasurements();
          for (let item of m5)
            item && this.itemSizeCache.has(item.key) && snapshot.push({
              index: item.index,
              key: item.key,
              start: item.start,
              size: item.size,
              end: item.end,
              lane: item.lane
            });
          return snapshot;
        }, this._scrollToOffset = (offset2, {
          adjustments,
          behavior
        } = {}) => {
          let write2 = {
            target: offset2 + (adjustments ?? 0),
            smooth: behavior === "smooth"
          };
          return this.pendingWrite = write2, this.options.scrollToFn(
            offset2 - this._holdOffset,
            { behavior, adjustments },
            this
          ), write2;
        }, this.getCommandWrittenOffset = () => this.scrollState !== null && this.pendingWrite !== null && !this.pendingWrite.smooth ? this.pendingWrite.target : null, this._awaitingCommandReadBack = () => {
          let writtenOffset = this.getCommandWrittenOffset();
          return !(isIOSWebKit() && this._iosGesture.dragging()) && writtenOffset !== null && !approxEqual(writtenOffset, this.getScrollOffset());
        }, this._followOffsetTarget = (delta) => {
          this.scrollState !== null && this.scrollState.index == null && (this.scrollState.lastTargetOffset += delta);
        }, this.measure = () => {
          this.pendingMin = null, this.itemSizeCache.clear(), this.laneAssignments.clear(), this.itemSizeCacheVersion++, this.notify(!1);
        }, this.setOptions(opts);
      }
      /**
       * @deprecated Always 0: a scroll correction is folded into `scrollOffset`
       * at once, so there is never an outstanding adjustment to add to it. Read
       * `scrollOffset` alone.
       */
      get scrollAdjustments() {
        return 0;
      }
      // Returns `true` when it performed a synchronous `scrollTop` write this
      // tick, `false` when the delta was zero or the write was deferred (iOS).
      // `resizeItem` uses that to decide whether the follow-up `notify` must be
      // synchronous so the grown transforms commit in the same paint (#1227).
      applyScrollAdjustment(delta, behavior) {
        if (delta === 0) return !1;
        if (this.options.debug && console.info("correction", delta), this._followOffsetTarget(delta), this._canWriteScroll()) {
          let offset2 = this.getScrollOffset();
          this._clampedAdjustment = this._clampedBy(offset2 + delta);
          let write2 = this._scrollToOffset(offset2, {
            adjustments: delta,
            behavior
          });
          return this.scrollOffset !== null && (this.pendingWrite === write2 && (this.scrollOffset += delta), this.scrollOffset < 0 && (this.scrollOffset = 0)), !0;
        } else
          return this._holdOffset += delta, this.scrollOffset !== null && (this.scrollOffset += delta), !0;
      }
      scheduleScrollReconcile() {
        if (!this.targetWindow) {
          this.scrollState = null;
          return;
        }
        this.rafId == null && (this.rafId = this.targetWindow.requestAnimationFrame(() => {
          this.rafId = null, this.reconcileScroll();
        }));
      }
      getScrollStateTarget(state) {
        let offsetInfo = state.toEnd ? [Math.max(this.getMaxScrollOffset(), 0)] : state.index != null ? this.getOffsetForIndex(state.index, state.align) : void 0;
        return offsetInfo ? offsetInfo[0] : state.lastTargetOffset;
      }
      reconcileScroll() {
        if (!this.scrollState || !this.scrollElement) return;
        if (this.now() - this.scrollState.startedAt > 5e3) {
          this.scrollState = null;
          return;
        }
        if (this.scrollState.phase === "queued") {
          this.scheduleScrollReconcile();
          return;
        }
        this.getMeasurements();
        let targetOffset = this.getScrollStateTarget(this.scrollState), STABLE_FRAMES = this.scrollState.index == null ? 1 : this.options.useAnimationFrameWithResizeObserver ? 3 : 2, targetChanged = targetOffset !== this.scrollState.lastTargetOffset;
        if (!targetChanged && approxEqual(targetOffset, this.getScrollOffset())) {
          if (this.scrollState.phase === "smooth" ? this.scrollState.phase = "smoothLanded" : this.scrollState.phase === "smoothFinishing" && (this.scrollState.phase = "instant"), this.scrollState.stableFrames++, this.scrollState.stableFrames >= STABLE_FRAMES) {
            this.getScrollOffset() !== targetOffset && this._scrollToOffset(targetOffset, { behavior: "auto" }), this.scrollState = null;
            return;
          }
        } else if (this.scrollState.stableFrames = 0, targetChanged) {
          let viewport = this.getSize() || 600, distance = Math.abs(targetOffset - this.getScrollOffset()), keepSmooth = isSmoothScroll(this.scrollState) && distance > viewport;
          this.scrollState.lastTargetOffset = targetOffset, keepSmooth ? this.scrollState.phase = "smooth" : this.scrollState.phase === "smooth" ? this.scrollState.phase = "smoothFinishing" : this.scrollState.phase === "smoothLanded" && (this.scrollState.phase = "instant"), this._scrollToOffset(targetOffset, {
            behavior: keepSmooth ? "smooth" : "auto"
          });
        }
        this.scheduleScrollReconcile();
      }
      // Every scroll command starts here: it becomes the in-flight command,
      // writes its first target and leaves reconcile to retarget and retire it.
      //
      // Targets are layout offsets. A held correction is not dropped by a
      // command: the write lands the element `_holdOffset` short of the target,
      // under the rows exposed shifted by the same amount, and the flush moves
      // both together once a write is possible.
      //
      // An index or end target that is already at its offset starts a smooth
      // scroll as landed; an offset target never does, so its first scroll
      // event is read as the user's (see the scroll handler in `_willUpdate`).
      _startScroll(target, offset2, behavior, kind) {
        this.pendingScrollAnchor = null, this._clampedAdjustment = null;
        let tail = this._iosGesture.tail();
        if (kind === "absolute" && tail !== null) {
          if (tail === "fling" && momentumOverridesWrites()) {
            this._stopMomentum(() => {
              let state = this.scrollState;
              state?.phase !== "queued" || // A finger came down: it owns the scroll until it lifts.
              this._iosGesture.tail() !== "fling" || // In a bounce WebKit can drop the write (#1287): the tail
              // decides, as without the stop. (Not `flingCaught`: our stop
              // also ends the fling at speed, so a slow frame would read as
              // a catch and the tail would drop the command.)
              this._reportedOverscroll || (this._iosGesture.end(), this._flushHoldIfReady(!0), this._writeAwaitingCommand());
            }), this.scrollState = {
              ...target,
              startedAt: this.now(),
              lastTargetOffset: offset2,
              stableFrames: 0,
              phase: "queued",
              behavior,
              samples: []
            }, this.scheduleScrollReconcile();
            return;
          }
          this._iosGesture.end();
        }
        this.scrollState = {
          ...target,
          startedAt: this.now(),
          lastTargetOffset: offset2,
          stableFrames: 0,
          behavior,
          phase: initialScrollPhase(
            behavior,
            target.index != null && approxEqual(offset2, this.getScrollOffset())
          )
        }, this._scrollToOffset(offset2, { behavior }), this.scheduleScrollReconcile();
      }
    }, findNearestBinarySearch = (low, high, getCurrentValue, value) => {
      for (; low <= high; ) {
        let middle = (low + high) / 2 | 0, currentValue = getCurrentValue(middle);
        if (currentValue < value)
          low = middle + 1;
        else if (currentValue > value)
          high = middle - 1;
        else
          return middle;
      }
      return low > 0 ? low - 1 : 0;
    };
  }
});

// src/chat/bubble.tsx
function Bubble({ line, turned, reaction, quoted, active, onActive }) {
  let row = T2(null), mine = line.direction === "in", team = line.author === "person", turn2 = turnOf.value.get(line.id) ?? "", inspect = () => {
    turn2 !== "" && (chooseTurn(turn2), view.value = "inspector");
  }, react = () => {
    picking.value = picking.value === line.id ? "" : line.id;
  }, keys3 = (e4) => {
    if (e4.target !== row.current || e4.ctrlKey || e4.altKey || e4.metaKey) return;
    let act = { r: () => quote(line), e: react, Enter: inspect }[e4.key];
    act && (e4.preventDefault(), act());
  }, tabIndex = active ? 0 : -1;
  return /* @__PURE__ */ a4(
    "div",
    {
      ref: row,
      class: `row${mine ? " mine" : ""}${team ? " team" : ""}${turned ? " turned" : ""}${turn2 !== "" && turn2 === shownTurn.value ? " told" : ""}`,
      role: "article",
      "data-key": line.id,
      tabIndex,
      onKeyDown: keys3,
      onFocus: onActive,
      "aria-label": spoken(line),
      children: [
        /* @__PURE__ */ a4("div", { class: "bubble", children: [
          team && /* @__PURE__ */ a4("span", { class: "author", children: "Equipe" }),
          quoted && line.type !== "button" && line.type !== "list" && /* @__PURE__ */ a4("span", { class: "quote", children: preview(quoted) }),
          line.header && /* @__PURE__ */ a4("strong", { class: "header", children: line.header }),
          /* @__PURE__ */ a4(Content, { line }),
          line.footer && /* @__PURE__ */ a4("span", { class: "footer", children: line.footer }),
          /* @__PURE__ */ a4("span", { class: "meta", children: [
            clockTime(line.at),
            /* @__PURE__ */ a4(Ticks, { line })
          ] })
        ] }),
        line.status === "failed" && /* @__PURE__ */ a4("p", { class: "failed", children: mine ? "O webhook desta mensagem n\xE3o foi aceito." : `Mensagem ${failure(line.error)}.` }),
        reaction !== "" && /* @__PURE__ */ a4("span", { class: "reaction", role: "img", "aria-label": `Rea\xE7\xE3o: ${reaction}`, children: reaction }),
        line.direction === "out" && (line.options?.length ?? 0) > 0 && /* @__PURE__ */ a4(Choices, { line }),
        /* @__PURE__ */ a4("div", { class: "acts", children: [
          /* @__PURE__ */ a4("button", { type: "button", tabIndex, onClick: () => quote(line), children: "Responder" }),
          /* @__PURE__ */ a4("button", { type: "button", tabIndex, "aria-expanded": picking.value === line.id, onClick: react, children: "Reagir" }),
          turn2 !== "" && /* @__PURE__ */ a4("button", { type: "button", tabIndex, onClick: inspect, children: "Ver o turno" })
        ] }),
        picking.value === line.id && /* @__PURE__ */ a4(Picker, { line, reaction })
      ]
    }
  );
}
function spoken(line) {
  let who = line.direction === "in" ? "Voc\xEA" : line.author === "person" ? "Equipe" : "Otto", status = line.status === "failed" ? line.direction === "in" ? "n\xE3o aceita" : failure(line.error) : statuses[line.status];
  return `${who}: ${preview(line)}, ${clockTime(line.at)}, ${status ?? ""}`;
}
function Ticks({ line }) {
  let name = statuses[line.status] ?? line.status, mark = line.status === "failed" ? "!" : line.status === "sent" ? "\u2713" : "\u2713\u2713";
  return /* @__PURE__ */ a4("span", { class: `ticks ${line.status}`, role: "img", "aria-label": name, title: name, children: mark });
}
function Picker({ line, reaction }) {
  let box = T2(null);
  A2(() => box.current?.querySelector("button")?.focus(), []);
  let close = () => {
    picking.value = "", box.current?.closest("[data-key]")?.focus();
  }, put = (emoji) => {
    close(), write({ type: "reaction", reply_to: line.id, emoji });
  };
  return /* @__PURE__ */ a4("div", { ref: box, class: "picker", role: "group", "aria-label": "Reagir com", onKeyDown: (e4) => {
    e4.key === "Escape" && close();
  }, children: [
    emojis.map((emoji) => /* @__PURE__ */ a4("button", { type: "button", "aria-label": `Reagir com ${emoji}`, onClick: () => put(emoji), children: emoji }, emoji)),
    reaction !== "" && /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: () => put(""), children: "Tirar" })
  ] });
}
function Content({ line }) {
  return line.type === "reaction" ? /* @__PURE__ */ a4("span", { class: "soft", children: preview(line) }) : /* @__PURE__ */ a4($, { children: [
    line.media && /* @__PURE__ */ a4(Media, { line }),
    line.type === "location" && line.latitude !== void 0 && /* @__PURE__ */ a4("span", { class: "place", children: [
      /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M12 2a7 7 0 0 0-7 7c0 5.2 7 13 7 13s7-7.8 7-13a7 7 0 0 0-7-7zm0 9.5a2.5 2.5 0 1 1 0-5 2.5 2.5 0 0 1 0 5z" }) }),
      line.latitude,
      ", ",
      line.longitude
    ] }),
    line.text !== "" && /* @__PURE__ */ a4(Styled, { text: line.text })
  ] });
}
function Media({ line }) {
  let address = api.mediaAddress(line.media ?? ""), family = (line.mime ?? "").split("/")[0], name = kinds[line.type] ?? "Arquivo";
  return family === "image" && !line.mime?.includes("svg") ? /* @__PURE__ */ a4("img", { class: line.type === "sticker" ? "sticker" : "picture", src: address, alt: line.text || name }) : family === "audio" ? /* @__PURE__ */ a4("audio", { controls: !0, preload: "metadata", src: address, "aria-label": name }) : family === "video" ? /* @__PURE__ */ a4("video", { controls: !0, preload: "metadata", src: address, "aria-label": name }) : /* @__PURE__ */ a4("a", { href: address, download: line.filename ?? "arquivo", children: line.filename ?? name });
}
function Styled({ text }) {
  let parts = [], end = 0;
  for (let match of text.matchAll(marks)) {
    parts.push(text.slice(end, match.index));
    let inner = match[1] ?? match[3] ?? "";
    switch (match[2]) {
      case "*":
        parts.push(/* @__PURE__ */ a4("strong", { children: inner }));
        break;
      case "_":
        parts.push(/* @__PURE__ */ a4("em", { children: inner }));
        break;
      case "~":
        parts.push(/* @__PURE__ */ a4("s", { children: inner }));
        break;
      default:
        parts.push(/* @__PURE__ */ a4("code", { children: inner }));
    }
    end = match.index + match[0].length;
  }
  return parts.push(text.slice(end)), /* @__PURE__ */ a4("span", { class: "words", children: parts });
}
function Choices({ line }) {
  return line.type === "list" ? /* @__PURE__ */ a4("div", { class: "choices", children: [
    /* @__PURE__ */ a4("button", { type: "button", "aria-haspopup": "dialog", onClick: () => {
      listing.value = line;
    }, children: line.menu || "Ver op\xE7\xF5es" }),
    listing.value === line && /* @__PURE__ */ a4(List, { line })
  ] }) : /* @__PURE__ */ a4("div", { class: "choices", children: line.options?.map((option) => /* @__PURE__ */ a4("button", { type: "button", onClick: () => {
    write({ type: "button", reply_to: line.id, id: option.id, title: option.title });
  }, children: option.title }, option.id)) });
}
function List({ line }) {
  let dialog = T2(null);
  A2(() => dialog.current?.showModal(), []);
  let title = line.menu || "Op\xE7\xF5es";
  return /* @__PURE__ */ a4("dialog", { ref: dialog, class: "sheet options", "aria-label": title, onClose: () => {
    listing.value = null;
  }, children: [
    /* @__PURE__ */ a4("h2", { children: title }),
    /* @__PURE__ */ a4("ul", { children: line.options?.map((option) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4("button", { type: "button", onClick: () => {
      dialog.current?.close(), write({ type: "list", reply_to: line.id, id: option.id, title: option.title });
    }, children: [
      option.title,
      option.description && /* @__PURE__ */ a4("small", { children: option.description })
    ] }) }, option.id)) }),
    /* @__PURE__ */ a4("form", { method: "dialog", class: "actions", children: /* @__PURE__ */ a4("button", { type: "submit", class: "plain", children: "Fechar" }) })
  ] });
}
var picking, listing, emojis, marks, init_bubble = __esm({
  "src/chat/bubble.tsx"() {
    "use strict";
    init_signals_module();
    init_hooks();
    init_api();
    init_store();
    init_words();
    init_composer();
    init_log();
    init_jsxRuntime();
    picking = y3(""), listing = y3(null), emojis = ["\u{1F44D}", "\u2764\uFE0F", "\u{1F602}", "\u{1F62E}", "\u{1F64F}", "\u{1F44E}"];
    marks = /```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;
  }
});

// src/chat/log.tsx
function Log() {
  let messages = talk.value?.messages ?? [], rows = w2(() => arrange(messages), [messages]), scroller = T2(null), list = useVirtual(rows, scroller), following = T2(!0), [active, setActive] = d2(""), activeKey = rows.some((row) => row.key === active) ? active : rows.at(-1)?.key, wantsFocus = T2("");
  F2(() => {
    if (following.current && scroller.current && (scroller.current.scrollTop = scroller.current.scrollHeight), wantsFocus.current !== "") {
      let row = scroller.current?.querySelector(`[data-key="${CSS.escape(wantsFocus.current)}"]`);
      row && (wantsFocus.current = "", row.focus({ preventScroll: !0 }));
    }
  });
  let reach = (index) => {
    let row = rows[index];
    row && (following.current = index === rows.length - 1, wantsFocus.current = row.key, setActive(row.key), list.scrollToIndex(index, { align: "auto" }));
  }, seek = sought.value;
  return A2(() => {
    let index = rows.findIndex((row) => row.key === seek.id);
    seek.n === 0 || index < 0 || (following.current = !1, wantsFocus.current = seek.id, setActive(seek.id), list.scrollToIndex(index, { align: "center" }));
  }, [seek.n]), /* @__PURE__ */ a4(
    "div",
    {
      ref: scroller,
      class: "scroll",
      onKeyDown: (e4) => {
        let at = rows.findIndex((row) => row.key === activeKey), index = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1, PageUp: at - 10, PageDown: at + 10 }[e4.key];
        if (index === void 0 || !e4.target.matches("[data-key]")) return;
        e4.preventDefault();
        let next = Math.max(0, Math.min(rows.length - 1, index)), step = next < at ? -1 : 1;
        for (; isDay(rows[next]) && rows[next + step]; ) next += step;
        reach(next);
      },
      onScroll: (e4) => {
        let el = e4.currentTarget;
        following.current = el.scrollHeight - el.scrollTop - el.clientHeight < nearEnd;
      },
      children: [
        /* @__PURE__ */ a4("ol", { class: "log", "aria-label": "Mensagens", style: { height: `${list.getTotalSize()}px` }, children: list.getVirtualItems().map((item) => {
          let row = rows[item.index];
          return row ? /* @__PURE__ */ a4(
            "li",
            {
              "data-index": item.index,
              ref: (el) => {
                el && list.measureElement(el);
              },
              class: "slot",
              style: { transform: `translateY(${item.start}px)` },
              "aria-setsize": rows.length,
              "aria-posinset": item.index + 1,
              children: "day" in row ? /* @__PURE__ */ a4("p", { class: "day", children: row.day }) : /* @__PURE__ */ a4(Bubble, { ...row, active: row.key === activeKey, onActive: () => setActive(row.key) })
            },
            row.key
          ) : null;
        }) }),
        talk.value?.typing && /* @__PURE__ */ a4("p", { class: "typing", role: "status", children: [
          /* @__PURE__ */ a4("span", { class: "quiet", children: "Otto est\xE1 digitando" }),
          /* @__PURE__ */ a4("i", {}),
          /* @__PURE__ */ a4("i", {}),
          /* @__PURE__ */ a4("i", {})
        ] }),
        /* @__PURE__ */ a4(Latest, { messages })
      ]
    }
  );
}
function Latest({ messages }) {
  let last = messages.at(-1), first = T2(last?.id), fresh = last && last.direction === "out" && last.id !== first.current ? last : void 0;
  return /* @__PURE__ */ a4("p", { class: "quiet", "aria-live": "polite", children: fresh ? `${fresh.author === "person" ? "Equipe" : "Otto"}: ${preview(fresh)}` : "" });
}
function useVirtual(rows, scroller) {
  let [, redraw] = _2((n3, _4) => n3 + 1, 0), options = {
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i4) => {
      let row = rows[i4];
      return row && "line" in row ? 46 + Math.ceil(row.line.text.length / 44) * 20 : 40;
    },
    getItemKey: (i4) => rows[i4]?.key ?? i4,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 8,
    onChange: () => redraw(void 0)
  }, [list] = d2(() => new Virtualizer(options));
  return list.setOptions(options), F2(() => list._didMount(), []), F2(() => list._willUpdate()), list;
}
function arrange(messages) {
  let known = new Map(messages.map((m5) => [m5.id, m5])), reactions = /* @__PURE__ */ new Map();
  for (let m5 of messages)
    m5.type === "reaction" && m5.reply_to && reactions.set(m5.reply_to, m5.text);
  let rows = [], day = Number.NaN, side = "";
  for (let line of messages) {
    let quoted = line.reply_to ? known.get(line.reply_to) : void 0;
    if (line.type === "reaction" && quoted) continue;
    let its = dayNumber(line.at);
    its !== day && (rows.push({ key: `day ${its} ${line.id}`, day: dayOf(line.at) }), day = its, side = "");
    let whose = line.author ?? line.direction;
    rows.push({ key: line.id, line, turned: whose !== side, reaction: reactions.get(line.id) ?? "", quoted }), side = whose;
  }
  return rows;
}
var isDay, nearEnd, turnOf, dayNumber, init_log = __esm({
  "src/chat/log.tsx"() {
    "use strict";
    init_esm();
    init_signals_module();
    init_hooks();
    init_store();
    init_words();
    init_bubble();
    init_jsxRuntime();
    isDay = (row) => row !== void 0 && "day" in row, nearEnd = 60, turnOf = O(() => {
      let turns = /* @__PURE__ */ new Map();
      for (let turn2 of inspection.value?.turns ?? [])
        for (let id of [...turn2.messages ?? [], ...turn2.replies ?? []]) turns.set(id, turn2.id);
      return turns;
    });
    dayNumber = (at) => Math.floor((Date.parse(at) - 3 * 36e5) / 864e5);
  }
});

// src/chat/chat.tsx
function Chat({ notice: notice2 }) {
  let shown = talk.value, empty = !summaries.value.has(current.value);
  return /* @__PURE__ */ a4("main", { class: "chat", id: "chat", "aria-label": "WhatsApp", children: [
    /* @__PURE__ */ a4(Head, {}),
    notice2 !== "" && /* @__PURE__ */ a4("p", { class: "notice", children: notice2 }),
    shown?.owner === "person" && /* @__PURE__ */ a4(Handoff, {}),
    empty ? /* @__PURE__ */ a4(Welcome, {}) : /* @__PURE__ */ a4(Log, {}, current.value),
    /* @__PURE__ */ a4(Composer, {}, `composer ${current.value}`)
  ] });
}
function Head() {
  let { name, from } = person.value, shown = talk.value;
  return /* @__PURE__ */ a4("header", { class: "head", children: [
    /* @__PURE__ */ a4("span", { class: "avatar otto", "aria-hidden": "true", children: "O" }),
    /* @__PURE__ */ a4("div", { class: "who", children: [
      /* @__PURE__ */ a4("h2", { children: "Otto" }),
      /* @__PURE__ */ a4("p", { class: "soft small", children: [
        "voc\xEA \xE9 ",
        name ? `${name} \xB7 ${from}` : from
      ] })
    ] }),
    /* @__PURE__ */ a4("p", { class: "chips", children: [
      shown && /* @__PURE__ */ a4("span", { class: "chip", title: shown.state, children: states[shown.state] ?? shown.state }),
      shown && /* @__PURE__ */ a4("span", { class: `chip ${shown.owner === "person" ? "warn" : "good"}`, children: shown.owner === "person" ? "Uma pessoa responde" : "Otto responde" }),
      /* @__PURE__ */ a4(Window, {})
    ] }),
    summaries.value.has(from) && /* @__PURE__ */ a4("a", { class: "icon", href: api.scenarioAddress(from), download: "conversa.yaml", "aria-label": "Salvar como cen\xE1rio", title: "Salvar como cen\xE1rio: o arquivo que atende scenario run executa", children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M11 3h2v9.2l3.3-3.3 1.4 1.4L12 16l-5.7-5.7 1.4-1.4 3.3 3.3zM4 18h16v2H4z" }) }) })
  ] });
}
function Window() {
  let until = talk.value?.window_until;
  if (until === void 0) return null;
  let left = Date.parse(until) - now.value;
  return left > 0 ? /* @__PURE__ */ a4("span", { class: `chip ${left < 36e5 ? "warn" : ""}`, title: "At\xE9 quando o WhatsApp deixa a empresa responder livremente", children: [
    "Janela: ",
    lasting(left)
  ] }) : /* @__PURE__ */ a4("span", { class: "chip bad", title: "A empresa s\xF3 pode mandar mensagens de modelo", children: "Janela fechada" });
}
function Handoff() {
  let waiting = inspection.value?.handoff, who = talk.value?.conversation ?? current.value, came = waiting?.came !== void 0, accept = async () => {
    await attempt("N\xE3o deu para assumir", () => api.accept(who)) && say("Voc\xEA assumiu a conversa");
  }, release = async () => {
    await attempt("N\xE3o deu para devolver", () => api.release(who)) && say("Otto voltou a responder");
  };
  return /* @__PURE__ */ a4("div", { class: "handoff", role: "group", "aria-label": "Atendimento por uma pessoa", children: [
    /* @__PURE__ */ a4("p", { children: waiting && !came ? /* @__PURE__ */ a4(Waited, { since: waiting.since }) : "Uma pessoa cuida desta conversa: Otto fica em sil\xEAncio." }),
    waiting && !came && /* @__PURE__ */ a4("button", { type: "button", class: "outlined", onClick: () => {
      accept();
    }, children: "Assumir" }),
    /* @__PURE__ */ a4("button", { type: "button", class: "outlined", onClick: () => {
      release();
    }, children: "Devolver ao Otto" })
  ] });
}
function Waited({ since }) {
  return /* @__PURE__ */ a4($, { children: [
    "O cliente espera uma pessoa",
    since ? ` h\xE1 ${lasting(now.value - Date.parse(since))}` : "",
    "."
  ] });
}
function Welcome() {
  return /* @__PURE__ */ a4("div", { class: "scroll", children: /* @__PURE__ */ a4("section", { class: "welcome", "aria-label": "Primeiros passos", children: [
    /* @__PURE__ */ a4("h3", { children: "Converse com Otto" }),
    /* @__PURE__ */ a4("ol", { children: [
      /* @__PURE__ */ a4("li", { children: "Voc\xEA \xE9 o cliente: escreva como escreveria no WhatsApp." }),
      /* @__PURE__ */ a4("li", { children: "A mensagem percorre os programas de produ\xE7\xE3o, nesta m\xE1quina, e a resposta chega aqui." }),
      /* @__PURE__ */ a4("li", { children: "Ao lado, o inspetor mostra por que Otto respondeu assim; embaixo, as falhas deixam voc\xEA quebrar tudo." })
    ] }),
    /* @__PURE__ */ a4("div", { class: "suggestions", children: suggestions.map((words) => /* @__PURE__ */ a4("button", { type: "button", class: "outlined", onClick: () => suggest(words), children: words }, words)) })
  ] }) });
}
var suggestions, init_chat = __esm({
  "src/chat/chat.tsx"() {
    "use strict";
    init_api();
    init_store();
    init_words();
    init_composer();
    init_log();
    init_jsxRuntime();
    suggestions = ["oi, quero automatizar meu WhatsApp", "quanto custa?", "quero falar com uma pessoa"];
  }
});

// src/inspector/inspector.tsx
function Inspector() {
  return /* @__PURE__ */ a4("aside", { class: "inspector", id: "inspector", tabIndex: -1, "aria-label": "Inspetor" });
}
var init_inspector = __esm({
  "src/inspector/inspector.tsx"() {
    "use strict";
    init_jsxRuntime();
  }
});

// src/tools/bench.tsx
function Bench() {
  return /* @__PURE__ */ a4("section", { class: "bench", id: "tools", tabIndex: -1, "aria-label": "Falhas" });
}
var init_bench = __esm({
  "src/tools/bench.tsx"() {
    "use strict";
    init_jsxRuntime();
  }
});

// src/people.tsx
function newContact() {
  making.value = !0;
}
function People() {
  let order = contacts.value.filter(matches).sort((a5, b3) => lastTime(b3) - lastTime(a5));
  return /* @__PURE__ */ a4("nav", { class: "people", "aria-label": "Conversas", children: [
    /* @__PURE__ */ a4("header", { children: [
      /* @__PURE__ */ a4("h2", { id: "people-title", children: "Conversas" }),
      /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: newContact, "aria-keyshortcuts": "Alt+N", children: "Novo contato" })
    ] }),
    /* @__PURE__ */ a4("div", { class: "search", children: /* @__PURE__ */ a4(
      "input",
      {
        id: "search",
        class: "input",
        type: "search",
        "aria-label": "Procurar conversas",
        placeholder: "Procurar",
        "aria-keyshortcuts": "Alt+B",
        value: wanted.value,
        onInput: (e4) => {
          wanted.value = e4.currentTarget.value;
        }
      }
    ) }),
    /* @__PURE__ */ a4("ul", { class: "list", "aria-labelledby": "people-title", onKeyDown: walk, children: [
      order.map((contact) => /* @__PURE__ */ a4(Person, { contact }, contact.from)),
      order.length === 0 && /* @__PURE__ */ a4("li", { class: "nobody", children: "Ningu\xE9m com esse nome ou n\xFAmero." })
    ] }),
    /* @__PURE__ */ a4(Bench, {}),
    making.value && /* @__PURE__ */ a4(NewContact, {})
  ] });
}
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
function matches(contact) {
  let words = fold(wanted.value.trim());
  if (words === "") return !0;
  let last = summaries.value.get(contact.from)?.last;
  return [contact.name, contact.from, last ? preview(last) : ""].some((text) => fold(text).includes(words));
}
function lastTime(contact) {
  let last = summaries.value.get(contact.from)?.last;
  return last ? Date.parse(last.at) : 0;
}
function walk(e4) {
  let step = e4.key === "ArrowDown" ? 1 : e4.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  e4.preventDefault();
  let buttons = [...e4.currentTarget.querySelectorAll("button")];
  buttons[buttons.indexOf(document.activeElement) + step]?.focus();
}
function Person({ contact }) {
  let summary = summaries.value.get(contact.from), news = unread(contact.from), open = () => {
    choose(contact.from), view.value = "chat", document.getElementById("text")?.focus();
  };
  return /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4("button", { type: "button", "aria-current": contact.from === current.value ? "true" : void 0, onClick: open, children: [
    /* @__PURE__ */ a4("span", { class: "avatar", "aria-hidden": "true", children: initial(contact.name || contact.from) }),
    /* @__PURE__ */ a4("span", { class: "name", children: contact.name || contact.from }),
    /* @__PURE__ */ a4("span", { class: "time", children: summary ? shortTime(summary.last.at, now.value) : "" }),
    /* @__PURE__ */ a4("span", { class: "last", children: summary?.typing ? "Otto est\xE1 digitando\u2026" : summary ? preview(summary.last) : contact.from }),
    news > 0 ? /* @__PURE__ */ a4("span", { class: "count", "aria-label": `${news} n\xE3o lidas`, children: news }) : /* @__PURE__ */ a4("span", {}),
    summary?.state !== void 0 && /* @__PURE__ */ a4("span", { class: "chips", children: [
      /* @__PURE__ */ a4("span", { class: "chip", children: states[summary.state] ?? summary.state }),
      summary.owner === "person" && /* @__PURE__ */ a4("span", { class: "chip warn", children: summary.waiting_since ? `espera uma pessoa h\xE1 ${lasting(now.value - Date.parse(summary.waiting_since))}` : `com ${owners.person?.toLowerCase()}` }),
      (summary.failed ?? 0) > 0 && /* @__PURE__ */ a4("span", { class: "chip bad", children: [
        summary.failed,
        " sem entrega"
      ] })
    ] })
  ] }) });
}
function freeNumber() {
  let taken = new Set(contacts.value.map((c4) => c4.from));
  for (; ; ) {
    let number = `55119${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
    if (!taken.has(number)) return number;
  }
}
function NewContact() {
  let dialog = T2(null), name = T2(null), from = T2(null);
  return A2(() => dialog.current?.showModal(), []), /* @__PURE__ */ a4("dialog", { ref: dialog, class: "sheet", "aria-labelledby": "contact-title", onClose: () => {
    making.value = !1;
  }, children: /* @__PURE__ */ a4("form", { onSubmit: (e4) => {
    e4.preventDefault(), addContact({ from: from.current?.value.trim() ?? "", name: name.current?.value.trim() ?? "" }), view.value = "chat", dialog.current?.close(), document.getElementById("text")?.focus();
  }, children: [
    /* @__PURE__ */ a4("h2", { id: "contact-title", children: "Novo contato" }),
    /* @__PURE__ */ a4("p", { class: "soft small", children: "Pode inventar: nada chega ao WhatsApp." }),
    /* @__PURE__ */ a4("label", { class: "field", children: [
      "Nome",
      /* @__PURE__ */ a4("input", { ref: name, maxLength: 256, autocomplete: "off", defaultValue: `Cliente ${contacts.value.length + 1}`, required: !0 })
    ] }),
    /* @__PURE__ */ a4("label", { class: "field", children: [
      "Telefone com DDI e DDD, s\xF3 n\xFAmeros",
      /* @__PURE__ */ a4(
        "input",
        {
          ref: from,
          inputMode: "numeric",
          autocomplete: "off",
          defaultValue: freeNumber(),
          required: !0,
          pattern: "[0-9]{7,15}|[A-Z]{2}\\.[A-Za-z0-9]{1,128}",
          title: "De 7 a 15 n\xFAmeros, como 5511988887777, ou um identificador como BR.1234"
        }
      )
    ] }),
    /* @__PURE__ */ a4("p", { class: "actions", children: [
      /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: () => dialog.current?.close(), children: "Cancelar" }),
      /* @__PURE__ */ a4("button", { type: "submit", class: "strong", children: "Criar" })
    ] })
  ] }) });
}
var wanted, making, initial, init_people = __esm({
  "src/people.tsx"() {
    "use strict";
    init_signals_module();
    init_hooks();
    init_bench();
    init_store();
    init_words();
    init_jsxRuntime();
    wanted = y3(""), making = y3(!1);
    initial = (name) => ([...name.trim()][0] ?? "?").toUpperCase();
  }
});

// src/tools/clock.tsx
function Clock() {
  return /* @__PURE__ */ a4("div", { class: "clock" });
}
var init_clock = __esm({
  "src/tools/clock.tsx"() {
    "use strict";
    init_jsxRuntime();
  }
});

// src/tools/overview.tsx
function OverviewStrip() {
  return /* @__PURE__ */ a4("section", { class: "overview", "aria-label": "Vis\xE3o geral" });
}
var init_overview = __esm({
  "src/tools/overview.tsx"() {
    "use strict";
    init_jsxRuntime();
  }
});

// src/app.tsx
function rememberedTheme() {
  let kept = localStorage.getItem("theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}
function go(to) {
  view.value = to.view, requestAnimationFrame(() => document.getElementById(to.focus)?.focus());
}
function command(e4) {
  if (!e4.altKey || e4.ctrlKey || e4.metaKey) return;
  let place = views[Number(e4.code.replace(/^Digit/, "")) - 1];
  if (place) go(place);
  else if (e4.code === "KeyN") newContact();
  else if (e4.code === "KeyB") document.getElementById("search")?.focus();
  else if (e4.code === "KeyH") helping.value = !0;
  else return;
  e4.preventDefault();
}
function App() {
  A2(() => (document.addEventListener("keydown", command), () => document.removeEventListener("keydown", command)), []), A2(() => {
    theme.value === "auto" ? delete document.documentElement.dataset.theme : document.documentElement.dataset.theme = theme.value;
  }, [theme.value]);
  let model = street.value?.parts.find((p5) => p5.name === "model")?.variant ?? "";
  return /* @__PURE__ */ a4($, { children: [
    /* @__PURE__ */ a4("header", { class: "top", children: [
      /* @__PURE__ */ a4("h1", { class: "brand", children: [
        /* @__PURE__ */ a4("img", { src: "icon.svg", alt: "", width: "26", height: "26" }),
        "Atende"
      ] }),
      /* @__PURE__ */ a4(OverviewStrip, {}),
      /* @__PURE__ */ a4("div", { class: "tools", children: [
        /* @__PURE__ */ a4(Clock, {}),
        /* @__PURE__ */ a4("button", { type: "button", class: "icon", "aria-label": `Tema ${themes[theme.value].name}`, title: `Tema ${themes[theme.value].name}`, onClick: changeTheme, children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z" }) }) }),
        /* @__PURE__ */ a4("button", { type: "button", class: "icon", "aria-label": "Ajuda e teclas", title: "Ajuda e teclas (Alt+H)", onClick: () => {
          helping.value = !0;
        }, children: /* @__PURE__ */ a4("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", children: /* @__PURE__ */ a4("path", { d: "M11 17h2v2h-2zm1-12a4 4 0 0 0-4 4h2a2 2 0 1 1 3.4 1.4L12.2 11.7A4 4 0 0 0 11 14.5V15h2v-.5a2 2 0 0 1 .6-1.4l1.2-1.3A4 4 0 0 0 12 5z" }) }) })
      ] })
    ] }),
    /* @__PURE__ */ a4("div", { children: connected.value ? problem.value !== "" ? /* @__PURE__ */ a4("p", { class: "banner bad", role: "alert", children: [
      problem.value,
      " ",
      /* @__PURE__ */ a4("button", { type: "button", class: "plain", onClick: () => {
        problem.value = "";
      }, children: "Fechar" })
    ] }) : null : /* @__PURE__ */ a4("p", { class: "banner bad", role: "alert", children: "Atende parou de responder nesta m\xE1quina. Tentando de novo\u2026" }) }),
    /* @__PURE__ */ a4("div", { class: "columns", "data-view": view.value, children: [
      /* @__PURE__ */ a4(People, {}),
      /* @__PURE__ */ a4(Chat, { notice: modelNotices[model] ?? "" }),
      /* @__PURE__ */ a4(Inspector, {})
    ] }),
    /* @__PURE__ */ a4("nav", { class: "views", "aria-label": "Partes da p\xE1gina", children: views.map((v4) => /* @__PURE__ */ a4("button", { type: "button", "aria-current": view.value === v4.view ? "true" : void 0, onClick: () => go(v4), children: v4.name }, v4.view)) }),
    /* @__PURE__ */ a4("p", { class: "quiet", role: "status", children: notice.value }),
    helping.value && /* @__PURE__ */ a4(Help, {})
  ] });
}
function changeTheme() {
  theme.value = themes[theme.value].next, localStorage.setItem("theme", theme.value);
}
function Help() {
  let dialog = T2(null);
  return A2(() => dialog.current?.showModal(), []), /* @__PURE__ */ a4("dialog", { ref: dialog, class: "sheet help", "aria-labelledby": "help-title", onClose: () => {
    helping.value = !1;
  }, children: [
    /* @__PURE__ */ a4("h2", { id: "help-title", children: "Como funciona" }),
    /* @__PURE__ */ a4("p", { children: "Voc\xEA \xE9 o cliente. O que escreve vira um webhook assinado e percorre os programas de produ\xE7\xE3o, nesta m\xE1quina. Nada sai daqui." }),
    /* @__PURE__ */ a4("h3", { children: "Teclas" }),
    /* @__PURE__ */ a4("dl", { children: keys2.map(([key, what]) => [/* @__PURE__ */ a4("dt", { children: /* @__PURE__ */ a4("kbd", { children: key }) }, key), /* @__PURE__ */ a4("dd", { children: what }, what)]) }),
    /* @__PURE__ */ a4("p", { class: "small soft", children: [
      "Licen\xE7as: ",
      /* @__PURE__ */ a4("a", { href: "licenses.txt", target: "_blank", children: "licenses.txt" })
    ] }),
    /* @__PURE__ */ a4("form", { method: "dialog", class: "actions", children: /* @__PURE__ */ a4("button", { type: "submit", class: "strong", children: "Fechar" }) })
  ] });
}
var themes, theme, helping, views, modelNotices, keys2, init_app = __esm({
  "src/app.tsx"() {
    "use strict";
    init_signals_module();
    init_hooks();
    init_chat();
    init_inspector();
    init_people();
    init_store();
    init_clock();
    init_overview();
    init_jsxRuntime();
    themes = {
      auto: { name: "do sistema", next: "light" },
      light: { name: "claro", next: "dark" },
      dark: { name: "escuro", next: "auto" }
    }, theme = y3(rememberedTheme()), helping = y3(!1);
    views = [
      { view: "people", name: "Conversas", focus: "search" },
      { view: "chat", name: "WhatsApp", focus: "text" },
      { view: "inspector", name: "Inspetor", focus: "inspector" },
      { view: "tools", name: "Falhas", focus: "tools" }
    ];
    modelNotices = {
      offline: "Modelo de demonstra\xE7\xE3o: regras locais, sem rede.",
      off: "Modelo desligado: Otto responde s\xF3 pelo menu."
    };
    keys2 = [
      ["Enter", "envia a mensagem, e a rajada que espera"],
      ["Shift + Enter", "p\xF5e a mensagem na rajada: saem todas juntas"],
      ["Alt + 1, 2, 3, 4", "conversas, WhatsApp, inspetor, falhas"],
      ["Alt + B", "procura conversas"],
      ["Alt + N", "novo contato"],
      ["Setas", "andam pela lista de conversas e pelas mensagens"],
      ["R \xB7 E \xB7 Enter", "na mensagem: responder, reagir, ver o turno"],
      ["Esc", "fecha o que est\xE1 aberto"]
    ];
  }
});

// src/main.tsx
var require_main = __commonJS({
  "src/main.tsx"() {
    init_preact();
    init_app();
    init_store();
    init_jsxRuntime();
    follow();
    var root = document.getElementById("app");
    root && Q(/* @__PURE__ */ a4(App, {}), root);
  }
});
export default require_main();
