# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-cached_tmpfs-ratios.svg, .png and .pdf from randread-cached_tmpfs-ratios.dat: gnuplot randread-cached_tmpfs-ratios.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-cached_tmpfs-ratios.gp
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
    if (kind eq 'svg') { set terminal svg noenhanced size 560,929 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1858 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,12.9028 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-cached_tmpfs-ratios'.(dark ? '-dark.' : '.').kind
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
    set style line 13 linecolor rgb c4 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1
    set style line 14 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set style line 15 linecolor rgb c8 pointtype 4 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randread-cached, tmpfs' at screen 0.02143, screen 0.97430 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.95378 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'depth 1' at screen 0.02143, screen 0.92734 left font 'sans-serif,15' textcolor rgb ink
    set label 'IOPS' at screen 0.36921, screen 0.90716 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.44447, screen 0.54561 center font 'sans-serif,15' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.82454 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.80517 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.53044, screen 0.78579 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.76642 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.74704 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.72766 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.70829 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.68891 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.66954 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.65016 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.63079 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.61141 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.59203 left font 'sans-serif,13' textcolor rgb ink
    set label 'p99 latency' at screen 0.58792, screen 0.90716 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.66318, screen 0.54561 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.82454 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.80517 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.76642 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.74704 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.72766 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.70829 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.68891 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.66954 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.65016 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.63079 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.61141 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.59203 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU an I/O' at screen 0.80663, screen 0.90716 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.88189, screen 0.54561 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.84392 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.82454 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.80517 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.76642 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.74704 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.72766 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.70829 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.68891 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.66954 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.65016 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.63079 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.61141 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.59203 left font 'sans-serif,13' textcolor rgb ink
    set label 'depth 32' at screen 0.02143, screen 0.53700 left font 'sans-serif,15' textcolor rgb ink
    set label 'IOPS' at screen 0.36921, screen 0.51682 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.44447, screen 0.15527 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.53044, screen 0.45358 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.53044, screen 0.43420 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.53044, screen 0.37608 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.35670 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.33733 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.31795 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.29857 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.27920 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.25982 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.24045 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.22107 left font 'sans-serif,13' textcolor rgb ink
    set label '◂' at screen 0.53044, screen 0.20170 left font 'sans-serif,13' textcolor rgb ink
    set label 'p99 latency' at screen 0.58792, screen 0.51682 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.66318, screen 0.15527 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.45358 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.43420 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.41483 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.37608 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.35670 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.33733 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.31795 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.29857 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.27920 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.25982 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.24045 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.22107 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.74915, screen 0.20170 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU an I/O' at screen 0.80663, screen 0.51682 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.88189, screen 0.15527 center font 'sans-serif,15' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.45358 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.43420 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.41483 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.35670 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.33733 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.31795 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.29857 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.27920 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.25982 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.24045 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.22107 left font 'sans-serif,13' textcolor rgb ink
    set label '▸' at screen 0.96786, screen 0.20170 left font 'sans-serif,13' textcolor rgb ink
    set label 'Ratios to fio:psync at the same depth, paired within blocks. ◂ and ▸: the side of 1 on' at screen 0.02143, screen 0.14471 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'which all of the interval lies. Small points: it holds 1, or covers too little.' at screen 0.02143, screen 0.12924 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.11376 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.09829 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.08282 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, tmpfs.' at screen 0.02143, screen 0.06734 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: sqwq, acall, uring_async, uring_defer, fio:io_uring+force_async=1' at screen 0.02143, screen 0.05187 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: sqwq, punt, hashed, acall, uring_async, fio:io_uring,' at screen 0.02143, screen 0.03640 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio:io_uring+force_async=1' at screen 0.02143, screen 0.02092 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.36921
    set rmargin at screen 0.51973
    set tmargin at screen 0.87298
    set bmargin at screen 0.58235
    set logscale x
    set xrange [0.0052983393:2.1909331]
    set xtics ('0.01' 0.01, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('fio:libaio' 14, 'fio:io_uring+force_async=1 !' 13, 'fio:io_uring !' 12, 'uring_defer !' 11, 'uring_sqpoll' 10, 'uring_async !' 9, 'uring' 8, 'acall_pool' 7, 'acall !' 6, 'hashed !' 5, 'punt !' 4, 'sqwq !' 3, 'handoff' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'slower' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'faster' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 0 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 1 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 2 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 3 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 4 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 5 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 6 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 7 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 8 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 9 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 10 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 11 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 12 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 13 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 14 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 0 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 1 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 2 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 3 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 4 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 5 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 6 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 6 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 7 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 7 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 8 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 8 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 9 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 9 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 10 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 10 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 11 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 11 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 12 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 13 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 14 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 14 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 14 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.58792
    set rmargin at screen 0.73843
    set tmargin at screen 0.87298
    set bmargin at screen 0.58235
    set logscale x
    set xrange [0.7539548:7639.7006]
    set xtics ('1' 1, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'faster' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'slower' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 15 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 16 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 17 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 18 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 19 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 20 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 21 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 22 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 23 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 24 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 25 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 26 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 27 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 28 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 29 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 15 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 16 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 17 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 18 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 19 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 20 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 21 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 21 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 22 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 22 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 23 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 23 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 24 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 24 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 25 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 25 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 26 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 26 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 27 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 28 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 29 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 29 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 29 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.80663
    set rmargin at screen 0.95714
    set tmargin at screen 0.87298
    set bmargin at screen 0.58235
    set logscale x
    set xrange [0.71109112:162.78294]
    set xtics ('1' 1, '10' 10, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'less' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'more' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 30 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 31 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 32 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 33 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 34 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 35 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 36 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 37 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 38 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 39 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 40 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 41 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 42 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 43 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 44 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 30 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 31 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 32 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 33 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 34 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 35 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 36 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 36 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 37 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 37 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 38 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 38 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 39 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 39 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 40 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 40 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 41 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 41 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 42 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 43 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 44 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 44 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 44 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.36921
    set rmargin at screen 0.51973
    set tmargin at screen 0.48264
    set bmargin at screen 0.19201
    set logscale x
    set xrange [0.0052983393:2.1909331]
    set xtics ('0.01' 0.01, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('fio:libaio' 14, 'fio:io_uring+force_async=1 !' 13, 'fio:io_uring !' 12, 'uring_defer !' 11, 'uring_sqpoll' 10, 'uring_async !' 9, 'uring' 8, 'acall_pool' 7, 'acall !' 6, 'hashed !' 5, 'punt !' 4, 'sqwq !' 3, 'handoff' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'slower' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'faster' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 45 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 46 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 47 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 48 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 49 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 50 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 51 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 52 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 53 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 54 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 55 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 56 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 57 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 58 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 59 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 45 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 46 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 47 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 48 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 49 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 50 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 51 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 51 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 52 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 52 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 53 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 53 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 54 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 54 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 55 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 55 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 56 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 56 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 57 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 58 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 59 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 59 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 59 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.58792
    set rmargin at screen 0.73843
    set tmargin at screen 0.48264
    set bmargin at screen 0.19201
    set logscale x
    set xrange [0.7539548:7639.7006]
    set xtics ('1' 1, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'faster' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'slower' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 60 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 61 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 62 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 63 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 64 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 65 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 66 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 67 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 68 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 69 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 70 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 71 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 72 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 73 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 74 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 60 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 61 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 62 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 63 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 64 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 65 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 66 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 66 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 67 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 67 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 68 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 68 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 69 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 69 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 70 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 70 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 71 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 71 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 72 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 73 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 74 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 74 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 74 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    set lmargin at screen 0.80663
    set rmargin at screen 0.95714
    set tmargin at screen 0.48264
    set bmargin at screen 0.19201
    set logscale x
    set xrange [0.71109112:162.78294]
    set xtics ('1' 1, '10' 10, '100' 100) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [14.5:-0.5]
    set ytics ('' 14, '' 13, '' 12, '' 11, '' 10, '' 9, '' 8, '' 7, '' 6, '' 5, '' 4, '' 3, '' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb ink linewidth 1.2
    set label 'less' at graph 0, graph 1 offset 0, char 0.6 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'more' at graph 1, graph 1 offset 0, char 0.6 right font 'sans-serif,11.5' textcolor rgb quiet
    plot 'randread-cached_tmpfs-ratios.dat' index 75 using 3:2:($4-$3):(0) with vectors nohead linestyle 1 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 76 using 3:2:($4-$3):(0) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 77 using 3:2:($4-$3):(0) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 78 using 3:2:($4-$3):(0) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 79 using 3:2:($4-$3):(0) with vectors nohead linestyle 5 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 80 using 3:2:($4-$3):(0) with vectors nohead linestyle 6 dashtype 1 linewidth 0.825, \
        'randread-cached_tmpfs-ratios.dat' index 81 using 3:2:($4-$3):(0) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 82 using 3:2:($4-$3):(0) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 83 using 3:2:($4-$3):(0) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 84 using 3:2:($4-$3):(0) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 85 using 3:2:($4-$3):(0) with vectors nohead linestyle 11 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 86 using 3:2:($4-$3):(0) with vectors nohead linestyle 12 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 87 using 3:2:($4-$3):(0) with vectors nohead linestyle 13 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 88 using 3:2:($4-$3):(0) with vectors nohead linestyle 14 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 89 using 3:2:($4-$3):(0) with vectors nohead linestyle 15 dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-ratios.dat' index 75 using 1:2 with points linestyle 1 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 76 using 1:2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 77 using 1:2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 78 using 1:2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 79 using 1:2 with points linestyle 5 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 80 using 1:2 with points linestyle 6 linewidth 1.3 pointsize 0.55, \
        'randread-cached_tmpfs-ratios.dat' index 81 using 1:2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 81 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 82 using 1:2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 82 using 1:2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randread-cached_tmpfs-ratios.dat' index 83 using 1:2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 83 using 1:2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 84 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 84 using 1:2 with points linestyle 10 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 85 using 1:2 with points pointtype 9 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 85 using 1:2 with points linestyle 11 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 86 using 1:2 with points pointtype 7 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 86 using 1:2 with points linestyle 12 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 87 using 1:2 with points linestyle 13 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 88 using 1:2 with points linestyle 14 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 89 using 1:2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randread-cached_tmpfs-ratios.dat' index 89 using 1:2 with points linestyle 15 linewidth 1.3 pointsize 1, \
        'randread-cached_tmpfs-ratios.dat' index 89 using 1:2 with points pointtype 2 pointsize 1 linecolor rgb c8 linewidth 1.3
    unset label
    unset arrow
    unset multiplot
    unset output
}
