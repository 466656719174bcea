# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-direct_ext4-open-loop.svg, .png and .pdf from randread-direct_ext4-open-loop.dat: gnuplot randread-direct_ext4-open-loop.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-direct_ext4-open-loop.gp
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
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,1116 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,2232 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,15.5000 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-direct_ext4-open-loop'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c3 pointtype 15 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c2 pointtype 8 dashtype 2 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb ink pointtype 6 dashtype 1 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randread-direct, ext4' at screen 0.02143, screen 0.97861 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, O_DIRECT' at screen 0.02143, screen 0.96153 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'p50 latency, at most 128 in flight' at screen 0.02143, screen 0.93952 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.54795, screen 0.70520 center font 'sans-serif,15' textcolor rgb ink
    set label 'p99 latency, at most 128 in flight' at screen 0.02143, screen 0.69803 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.54795, screen 0.46371 center font 'sans-serif,15' textcolor rgb ink
    set label 'p99.9 latency, at most 128 in flight' at screen 0.02143, screen 0.45654 left font 'sans-serif,15' textcolor rgb ink
    set label 'offered I/Os a second (open loop)' at screen 0.54795, screen 0.22222 center font 'sans-serif,15' textcolor rgb ink
    set label 'Open loop: I/Os arrive whether or not those before are complete.' at screen 0.02143, screen 0.14596 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Latency: total, percentiles of the json+ bins of all runs merged.' at screen 0.02143, screen 0.13308 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Ringed: most runs fell behind; of what was offered they did: inline at 20 k: 34.5 %;' at screen 0.02143, screen 0.12019 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'sqthread at 5 k: 96.4 %; sqthread at 20 k: 20.6 %; handoff at 20 k: 98.2 %.' at screen 0.02143, screen 0.10731 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.09443 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.08155 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.06867 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, ext4.' at screen 0.02143, screen 0.05579 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! behind: inline, sqthread, handoff, sqwq, punt, uring_async, uring_sqpoll' at screen 0.02143, screen 0.04291 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: inline, sqthread, fio:io_uring' at screen 0.02143, screen 0.03003 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: handoff, fio:psync' at screen 0.02143, screen 0.01715 left font 'sans-serif,11.5' textcolor rgb quiet
    set arrow from screen 0.02143, screen 0.20000 to screen 0.08214, screen 0.20000 nohead linestyle 1
    set label '' at screen 0.05179, screen 0.20000 point linestyle 1 linewidth 1.3 pointsize 1
    set label 'inline !' at screen 0.09643, screen 0.20000 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.18311 to screen 0.08214, screen 0.18311 nohead linestyle 2
    set label '' at screen 0.05179, screen 0.18311 point linestyle 2 linewidth 1.3 pointsize 1
    set label 'sqthread !' at screen 0.09643, screen 0.18311 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.16622 to screen 0.08214, screen 0.16622 nohead linestyle 3
    set label '' at screen 0.05179, screen 0.16622 point linestyle 3 linewidth 1.3 pointsize 1
    set label 'handoff !' at screen 0.09643, screen 0.16622 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.34048, screen 0.20000 to screen 0.40119, screen 0.20000 nohead linestyle 4
    set label '' at screen 0.37083, screen 0.20000 point linestyle 4 linewidth 1.3 pointsize 1
    set label 'sqwq !' at screen 0.41548, screen 0.20000 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.34048, screen 0.18311 to screen 0.40119, screen 0.18311 nohead linestyle 5
    set label '' at screen 0.37083, screen 0.18311 point linestyle 5 linewidth 1.3 pointsize 1
    set label 'punt !' at screen 0.41548, screen 0.18311 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.34048, screen 0.16622 to screen 0.40119, screen 0.16622 nohead linestyle 6
    set label '' at screen 0.37083, screen 0.16622 point pointtype 13 pointsize 1 linecolor rgb paper
    set label '' at screen 0.37083, screen 0.16622 point linestyle 6 linewidth 1.3 pointsize 1
    set label 'uring' at screen 0.41548, screen 0.16622 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.65952, screen 0.20000 to screen 0.72024, screen 0.20000 nohead linestyle 7
    set label '' at screen 0.68988, screen 0.20000 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.68988, screen 0.20000 point linestyle 7 linewidth 1.3 pointsize 1
    set label 'uring_async !' at screen 0.73452, screen 0.20000 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.65952, screen 0.18311 to screen 0.72024, screen 0.18311 nohead linestyle 8
    set label '' at screen 0.68988, screen 0.18311 point pointtype 9 pointsize 1 linecolor rgb paper
    set label '' at screen 0.68988, screen 0.18311 point linestyle 8 linewidth 1.3 pointsize 1
    set label 'uring_sqpoll !' at screen 0.73452, screen 0.18311 left font 'sans-serif,13' textcolor rgb ink
    set lmargin at screen 0.13875
    set rmargin at screen 0.95714
    set tmargin at screen 0.92395
    set bmargin at screen 0.73578
    unset logscale x
    set xrange [0:21200]
    set xtics ('0' 0, '5 k' 5000, '10 k' 10000, '15 k' 15000, '20 k' 20000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    set logscale y
    set yrange [169728:4.4790972e+08]
    set ytics ('300 µs' 300000, '1 ms' 1e+06, '3 ms' 3e+06, '10 ms' 1e+07, '30 ms' 3e+07, '100 ms' 1e+08, '300 ms' 3e+08) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-direct_ext4-open-loop.dat' index 0 using 1:2 with lines linestyle 1 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 2 using 1:2 with lines linestyle 2 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 4 using 1:2 with lines linestyle 3 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 6 using 1:2 with lines linestyle 4 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 7 using 1:2 with lines linestyle 5 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 8 using 1:2 with lines linestyle 6 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 9 using 1:2 with lines linestyle 7 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 10 using 1:2 with lines linestyle 8 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 0 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 1 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 2 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 3 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 4 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 5 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 6 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 7 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 8 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 8 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 9 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 9 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 10 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 10 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    set lmargin at screen 0.13875
    set rmargin at screen 0.95714
    set tmargin at screen 0.68246
    set bmargin at screen 0.49429
    unset logscale x
    set xrange [0:21200]
    set xtics ('0' 0, '5 k' 5000, '10 k' 10000, '15 k' 15000, '20 k' 20000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    set logscale y
    set yrange [3077734.4:9.9480502e+08]
    set ytics ('5 ms' 5e+06, '10 ms' 1e+07, '20 ms' 2e+07, '50 ms' 5e+07, '100 ms' 1e+08, '200 ms' 2e+08, '500 ms' 5e+08) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-direct_ext4-open-loop.dat' index 11 using 1:2 with lines linestyle 1 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 13 using 1:2 with lines linestyle 2 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 15 using 1:2 with lines linestyle 3 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 17 using 1:2 with lines linestyle 4 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 18 using 1:2 with lines linestyle 5 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 19 using 1:2 with lines linestyle 6 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 20 using 1:2 with lines linestyle 7 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 21 using 1:2 with lines linestyle 8 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 11 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 12 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 13 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 14 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 15 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 16 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 17 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 18 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 19 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 19 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 20 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 20 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 21 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 21 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    set lmargin at screen 0.13875
    set rmargin at screen 0.95714
    set tmargin at screen 0.44097
    set bmargin at screen 0.25280
    unset logscale x
    set xrange [0:21200]
    set xtics ('0' 0, '5 k' 5000, '10 k' 10000, '15 k' 15000, '20 k' 20000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    set logscale y
    set yrange [5654118.4:1.1333848e+09]
    set ytics ('10 ms' 1e+07, '20 ms' 2e+07, '50 ms' 5e+07, '100 ms' 1e+08, '200 ms' 2e+08, '500 ms' 5e+08, '1 s' 1e+09) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randread-direct_ext4-open-loop.dat' index 22 using 1:2 with lines linestyle 1 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 24 using 1:2 with lines linestyle 2 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 26 using 1:2 with lines linestyle 3 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 28 using 1:2 with lines linestyle 4 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 29 using 1:2 with lines linestyle 5 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 30 using 1:2 with lines linestyle 6 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 31 using 1:2 with lines linestyle 7 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 32 using 1:2 with lines linestyle 8 linewidth 1.6, \
        'randread-direct_ext4-open-loop.dat' index 22 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 23 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 24 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 25 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 26 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 27 using 1:2 with points linestyle 9 linewidth 1 pointsize 1.8, \
        'randread-direct_ext4-open-loop.dat' index 28 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 29 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 30 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 30 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 31 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 31 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-direct_ext4-open-loop.dat' index 32 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-direct_ext4-open-loop.dat' index 32 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    unset multiplot
    unset output
}
