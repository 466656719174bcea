# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-cached_tmpfs-percentiles.svg, .png and .pdf from randread-cached_tmpfs-percentiles.dat: gnuplot randread-cached_tmpfs-percentiles.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-cached_tmpfs-percentiles.gp
set encoding utf8
if (!exists('kinds')) kinds = 'svg png pdf'
if (!exists('dark')) dark = 0
paper = dark ? '#15181c' : '#ffffff'
quiet = dark ? '#a8adb4' : '#505050'
grid = dark ? '#30353b' : '#e4e4e4'
frame = dark ? '#8a9098' : '#707070'
ink = dark ? '#e8eaed' : '#1a1a1a'
c1 = dark ? '#ffffff' : '#000000'
c2 = dark ? '#f0ad1f' : '#e69f00'
c3 = dark ? '#8fd3ff' : '#56b4e9'
c4 = dark ? '#1fc596' : '#009e73'
c5 = dark ? '#f0e442' : '#f0e442'
c6 = dark ? '#4393e6' : '#0072b2'
c7 = dark ? '#f07a28' : '#d55e00'
c8 = dark ? '#dd92bb' : '#cc79a7'
tail(p) = -log10(1 - p / 100)
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,952 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1904 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,13.2222 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-cached_tmpfs-percentiles'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c3 pointtype 15 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c8 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c8 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 10 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 11 linecolor rgb c2 pointtype 8 dashtype 2 linewidth 1.6 pointsize 1
    set style line 12 linecolor rgb c3 pointtype 6 dashtype 2 linewidth 1.6 pointsize 1
    set style line 13 linecolor rgb c1 pointtype 1 dashtype 3 linewidth 1.6 pointsize 1
    set style line 14 linecolor rgb c4 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1
    set style line 15 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set style line 16 linecolor rgb c8 pointtype 4 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randread-cached, tmpfs' at screen 0.02143, screen 0.97492 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.95490 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'latency, depth 1' at screen 0.02143, screen 0.92910 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.54433, screen 0.63340 center font 'sans-serif,15' textcolor rgb ink
    set label 'latency, depth 32' at screen 0.02143, screen 0.62500 left font 'sans-serif,15' textcolor rgb ink
    set label 'percentile' at screen 0.54433, screen 0.32931 center font 'sans-serif,15' textcolor rgb ink
    set label 'Latency: total, percentiles of the json+ bins of all runs merged.' at screen 0.02143, screen 0.14090 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'A curve ends where only 10 I/Os took longer.' at screen 0.02143, screen 0.12580 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.11070 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.09560 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.08050 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, tmpfs.' at screen 0.02143, screen 0.06540 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: sqwq, acall, uring_async, uring_defer, fio:io_uring+force_async=1' at screen 0.02143, screen 0.05030 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: sqwq, punt, hashed, acall, uring_async, fio:io_uring,' at screen 0.02143, screen 0.03520 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio:io_uring+force_async=1' at screen 0.02143, screen 0.02010 left font 'sans-serif,11.5' textcolor rgb quiet
    set arrow from screen 0.02143, screen 0.30326 to screen 0.08214, screen 0.30326 nohead linestyle 1
    set label '' at screen 0.05179, screen 0.30326 point linestyle 1 linewidth 1.3 pointsize 1
    set label 'inline' at screen 0.09643, screen 0.30326 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.28346 to screen 0.08214, screen 0.28346 nohead linestyle 2
    set label '' at screen 0.05179, screen 0.28346 point linestyle 2 linewidth 1.3 pointsize 1
    set label 'sqthread' at screen 0.09643, screen 0.28346 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.26366 to screen 0.08214, screen 0.26366 nohead linestyle 3
    set label '' at screen 0.05179, screen 0.26366 point linestyle 3 linewidth 1.3 pointsize 1
    set label 'handoff' at screen 0.09643, screen 0.26366 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.24386 to screen 0.08214, screen 0.24386 nohead linestyle 4
    set label '' at screen 0.05179, screen 0.24386 point linestyle 4 linewidth 1.3 pointsize 1
    set label 'sqwq !' at screen 0.09643, screen 0.24386 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.22405 to screen 0.08214, screen 0.22405 nohead linestyle 5
    set label '' at screen 0.05179, screen 0.22405 point linestyle 5 linewidth 1.3 pointsize 1
    set label 'punt !' at screen 0.09643, screen 0.22405 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.20425 to screen 0.08214, screen 0.20425 nohead linestyle 6
    set label '' at screen 0.05179, screen 0.20425 point linestyle 6 linewidth 1.3 pointsize 1
    set label 'hashed !' at screen 0.09643, screen 0.20425 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.18445 to screen 0.08214, screen 0.18445 nohead linestyle 7
    set label '' at screen 0.05179, screen 0.18445 point linestyle 7 linewidth 1.3 pointsize 1
    set label '' at screen 0.05179, screen 0.18445 point pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3
    set label 'acall !' at screen 0.09643, screen 0.18445 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.16465 to screen 0.08214, screen 0.16465 nohead linestyle 8
    set label '' at screen 0.05179, screen 0.16465 point linestyle 8 linewidth 1.3 pointsize 1
    set label '' at screen 0.05179, screen 0.16465 point pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3
    set label 'acall_pool' at screen 0.09643, screen 0.16465 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.30326 to screen 0.56071, screen 0.30326 nohead linestyle 9
    set label '' at screen 0.53036, screen 0.30326 point pointtype 13 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.30326 point linestyle 9 linewidth 1.3 pointsize 1
    set label 'uring' at screen 0.57500, screen 0.30326 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.28346 to screen 0.56071, screen 0.28346 nohead linestyle 10
    set label '' at screen 0.53036, screen 0.28346 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.28346 point linestyle 10 linewidth 1.3 pointsize 1
    set label 'uring_async !' at screen 0.57500, screen 0.28346 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.26366 to screen 0.56071, screen 0.26366 nohead linestyle 11
    set label '' at screen 0.53036, screen 0.26366 point pointtype 9 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.26366 point linestyle 11 linewidth 1.3 pointsize 1
    set label 'uring_sqpoll' at screen 0.57500, screen 0.26366 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.24386 to screen 0.56071, screen 0.24386 nohead linestyle 12
    set label '' at screen 0.53036, screen 0.24386 point pointtype 7 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.24386 point linestyle 12 linewidth 1.3 pointsize 1
    set label 'uring_defer !' at screen 0.57500, screen 0.24386 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.22405 to screen 0.56071, screen 0.22405 nohead linestyle 13
    set label '' at screen 0.53036, screen 0.22405 point linestyle 13 linewidth 1.3 pointsize 1
    set label 'fio:psync' at screen 0.57500, screen 0.22405 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.20425 to screen 0.56071, screen 0.20425 nohead linestyle 14
    set label '' at screen 0.53036, screen 0.20425 point linestyle 14 linewidth 1.3 pointsize 1
    set label 'fio:io_uring !' at screen 0.57500, screen 0.20425 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.18445 to screen 0.56071, screen 0.18445 nohead linestyle 15
    set label '' at screen 0.53036, screen 0.18445 point linestyle 15 linewidth 1.3 pointsize 1
    set label 'fio:io_uring+force_async=1 !' at screen 0.57500, screen 0.18445 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.16465 to screen 0.56071, screen 0.16465 nohead linestyle 16
    set label '' at screen 0.53036, screen 0.16465 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.16465 point linestyle 16 linewidth 1.3 pointsize 1
    set label '' at screen 0.53036, screen 0.16465 point pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    set label 'fio:libaio' at screen 0.57500, screen 0.16465 left font 'sans-serif,13' textcolor rgb ink
    set lmargin at screen 0.13152
    set rmargin at screen 0.95714
    set tmargin at screen 0.91085
    set bmargin at screen 0.66925
    unset logscale x
    set xrange [-0:5.5165867]
    set xtics ('0' -0, '50' 0.30103, '90' 1, '99' 2, '99.9' 3, '99.99' 4, '99.999' 5) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    set logscale y
    set yrange [703.8:13687849]
    set ytics ('1 µs' 1000, '3 µs' 3000, '10 µs' 10000, '30 µs' 30000, '100 µs' 100000, '300 µs' 300000, '1 ms' 1e+06, '3 ms' 3e+06, '10 ms' 1e+07) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-cached_tmpfs-percentiles.dat' index 1 using (tail($1)):2 with lines linestyle 1 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 3 using (tail($1)):2 with lines linestyle 2 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 5 using (tail($1)):2 with lines linestyle 3 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 7 using (tail($1)):2 with lines linestyle 4 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 9 using (tail($1)):2 with lines linestyle 5 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 11 using (tail($1)):2 with lines linestyle 6 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 13 using (tail($1)):2 with lines linestyle 7 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 15 using (tail($1)):2 with lines linestyle 8 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 17 using (tail($1)):2 with lines linestyle 9 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 19 using (tail($1)):2 with lines linestyle 10 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 21 using (tail($1)):2 with lines linestyle 11 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 23 using (tail($1)):2 with lines linestyle 12 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 25 using (tail($1)):2 with lines linestyle 13 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 27 using (tail($1)):2 with lines linestyle 14 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 29 using (tail($1)):2 with lines linestyle 15 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 31 using (tail($1)):2 with lines linestyle 16 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 0 using (tail($1)):2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 2 using (tail($1)):2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 4 using (tail($1)):2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 6 using (tail($1)):2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 8 using (tail($1)):2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 10 using (tail($1)):2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 12 using (tail($1)):2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 12 using (tail($1)):2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-percentiles.dat' index 14 using (tail($1)):2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 14 using (tail($1)):2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-percentiles.dat' index 16 using (tail($1)):2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 16 using (tail($1)):2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 18 using (tail($1)):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 18 using (tail($1)):2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 20 using (tail($1)):2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 20 using (tail($1)):2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 22 using (tail($1)):2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 22 using (tail($1)):2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 24 using (tail($1)):2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 26 using (tail($1)):2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 28 using (tail($1)):2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 30 using (tail($1)):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 30 using (tail($1)):2 with points linestyle 16 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 30 using (tail($1)):2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.13152
    set rmargin at screen 0.95714
    set tmargin at screen 0.60675
    set bmargin at screen 0.36515
    unset logscale x
    set xrange [-0:5.5165867]
    set xtics ('0' -0, '50' 0.30103, '90' 1, '99' 2, '99.9' 3, '99.99' 4, '99.999' 5) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    set logscale y
    set yrange [683.4:34799616]
    set ytics ('1 µs' 1000, '3 µs' 3000, '10 µs' 10000, '30 µs' 30000, '100 µs' 100000, '300 µs' 300000, '1 ms' 1e+06, '3 ms' 3e+06, '10 ms' 1e+07, '30 ms' 3e+07) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-cached_tmpfs-percentiles.dat' index 33 using (tail($1)):2 with lines linestyle 1 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 35 using (tail($1)):2 with lines linestyle 2 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 37 using (tail($1)):2 with lines linestyle 3 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 39 using (tail($1)):2 with lines linestyle 4 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 41 using (tail($1)):2 with lines linestyle 5 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 43 using (tail($1)):2 with lines linestyle 6 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 45 using (tail($1)):2 with lines linestyle 7 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 47 using (tail($1)):2 with lines linestyle 8 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 49 using (tail($1)):2 with lines linestyle 9 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 51 using (tail($1)):2 with lines linestyle 10 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 53 using (tail($1)):2 with lines linestyle 11 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 55 using (tail($1)):2 with lines linestyle 12 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 57 using (tail($1)):2 with lines linestyle 13 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 59 using (tail($1)):2 with lines linestyle 14 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 61 using (tail($1)):2 with lines linestyle 15 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 63 using (tail($1)):2 with lines linestyle 16 linewidth 1.6, \
        'randread-cached_tmpfs-percentiles.dat' index 32 using (tail($1)):2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 34 using (tail($1)):2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 36 using (tail($1)):2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 38 using (tail($1)):2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 40 using (tail($1)):2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 42 using (tail($1)):2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 44 using (tail($1)):2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 44 using (tail($1)):2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-percentiles.dat' index 46 using (tail($1)):2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 46 using (tail($1)):2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-percentiles.dat' index 48 using (tail($1)):2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 48 using (tail($1)):2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 50 using (tail($1)):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 50 using (tail($1)):2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 52 using (tail($1)):2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 52 using (tail($1)):2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 54 using (tail($1)):2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 54 using (tail($1)):2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 56 using (tail($1)):2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 58 using (tail($1)):2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 60 using (tail($1)):2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 62 using (tail($1)):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-percentiles.dat' index 62 using (tail($1)):2 with points linestyle 16 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-percentiles.dat' index 62 using (tail($1)):2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    unset multiplot
    unset output
}
