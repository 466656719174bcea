# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randread-cached_tmpfs-cpu.svg, .png and .pdf from randread-cached_tmpfs-cpu.dat: gnuplot randread-cached_tmpfs-cpu.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randread-cached_tmpfs-cpu.gp
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
    if (kind eq 'svg') { set terminal svg noenhanced size 560,888 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1776 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,12.3333 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randread-cached_tmpfs-cpu'.(dark ? '-dark.' : '.').kind
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
    set label 'randread-cached, tmpfs' at screen 0.02143, screen 0.97311 left font 'sans-serif,19' textcolor rgb ink
    set label 'reads of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.95165 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'depth 1' at screen 0.02143, screen 0.92399 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.36921, screen 0.90287 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.62897, screen 0.54167 center font 'sans-serif,15' textcolor rgb ink
    set label '2.58 µs' at screen 0.89945, screen 0.89428 left font 'sans-serif,13' textcolor rgb ink
    set label '5.4 µs' at screen 0.89945, screen 0.87401 left font 'sans-serif,13' textcolor rgb ink
    set label '7.23 µs' at screen 0.89945, screen 0.85374 left font 'sans-serif,13' textcolor rgb ink
    set label '8.2 µs' at screen 0.89945, screen 0.83347 left font 'sans-serif,13' textcolor rgb ink
    set label '2.48 µs' at screen 0.89945, screen 0.81320 left font 'sans-serif,13' textcolor rgb ink
    set label '8.08 µs' at screen 0.89945, screen 0.79293 left font 'sans-serif,13' textcolor rgb ink
    set label '305 µs' at screen 0.89945, screen 0.77266 left font 'sans-serif,13' textcolor rgb ink
    set label '101 µs' at screen 0.89945, screen 0.75239 left font 'sans-serif,13' textcolor rgb ink
    set label '101 µs' at screen 0.89945, screen 0.73212 left font 'sans-serif,13' textcolor rgb ink
    set label '87.1 µs' at screen 0.89945, screen 0.71185 left font 'sans-serif,13' textcolor rgb ink
    set label '32 µs' at screen 0.89945, screen 0.69158 left font 'sans-serif,13' textcolor rgb ink
    set label '68.5 µs' at screen 0.89945, screen 0.67131 left font 'sans-serif,13' textcolor rgb ink
    set label '2.67 µs' at screen 0.89945, screen 0.65104 left font 'sans-serif,13' textcolor rgb ink
    set label '56.4 µs' at screen 0.89945, screen 0.63077 left font 'sans-serif,13' textcolor rgb ink
    set label '30.9 µs' at screen 0.89945, screen 0.61050 left font 'sans-serif,13' textcolor rgb ink
    set label '4.37 µs' at screen 0.89945, screen 0.59023 left font 'sans-serif,13' textcolor rgb ink
    set label 'depth 32' at screen 0.02143, screen 0.53266 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.36921, screen 0.51154 left font 'sans-serif,15' textcolor rgb ink
    set label 'CPU time an I/O' at screen 0.62897, screen 0.15034 center font 'sans-serif,15' textcolor rgb ink
    set label '2.47 µs' at screen 0.89945, screen 0.50296 left font 'sans-serif,13' textcolor rgb ink
    set label '4.09 µs' at screen 0.89945, screen 0.48269 left font 'sans-serif,13' textcolor rgb ink
    set label '3.77 µs' at screen 0.89945, screen 0.46242 left font 'sans-serif,13' textcolor rgb ink
    set label '3.87 µs' at screen 0.89945, screen 0.44215 left font 'sans-serif,13' textcolor rgb ink
    set label '2.72 µs' at screen 0.89945, screen 0.42188 left font 'sans-serif,13' textcolor rgb ink
    set label '3.05 µs' at screen 0.89945, screen 0.40160 left font 'sans-serif,13' textcolor rgb ink
    set label '72.3 µs' at screen 0.89945, screen 0.38133 left font 'sans-serif,13' textcolor rgb ink
    set label '14.8 µs' at screen 0.89945, screen 0.36106 left font 'sans-serif,13' textcolor rgb ink
    set label '6.79 µs' at screen 0.89945, screen 0.34079 left font 'sans-serif,13' textcolor rgb ink
    set label '6.73 µs' at screen 0.89945, screen 0.32052 left font 'sans-serif,13' textcolor rgb ink
    set label '11.2 µs' at screen 0.89945, screen 0.30025 left font 'sans-serif,13' textcolor rgb ink
    set label '5.8 µs' at screen 0.89945, screen 0.27998 left font 'sans-serif,13' textcolor rgb ink
    set label '2.58 µs' at screen 0.89945, screen 0.25971 left font 'sans-serif,13' textcolor rgb ink
    set label '5.9 µs' at screen 0.89945, screen 0.23944 left font 'sans-serif,13' textcolor rgb ink
    set label '5.52 µs' at screen 0.89945, screen 0.21917 left font 'sans-serif,13' textcolor rgb ink
    set label '4.62 µs' at screen 0.89945, screen 0.19890 left font 'sans-serif,13' textcolor rgb ink
    set label 'CPU time of the whole process, with its workers and the kernel''s, from start to end.' at screen 0.02143, screen 0.11817 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Full bars: this project''s pool. Pale: the kernel, same engine. Palest: fio''s engines.' at screen 0.02143, screen 0.10198 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.08580 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, tmpfs.' at screen 0.02143, screen 0.06961 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: sqwq, acall, uring_async, uring_defer, fio:io_uring+force_async=1' at screen 0.02143, screen 0.05342 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! uneven: sqwq, punt, hashed, acall, uring_async, fio:io_uring,' at screen 0.02143, screen 0.03723 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio:io_uring+force_async=1' at screen 0.02143, screen 0.02104 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.36921
    set rmargin at screen 0.88873
    set tmargin at screen 0.90442
    set bmargin at screen 0.58010
    unset logscale x
    set xrange [0:390448.68]
    set xtics ('0' 0, '100 µs' 100000, '200 µs' 200000, '300 µs' 300000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [15.5:-0.5]
    set ytics ('fio:libaio' 15, 'fio:io_uring+force_async=1 !' 14, 'fio:io_uring !' 13, 'fio:psync' 12, 'uring_defer !' 11, 'uring_sqpoll' 10, 'uring_async !' 9, 'uring' 8, 'acall_pool' 7, 'acall !' 6, 'hashed !' 5, 'punt !' 4, 'sqwq !' 3, 'handoff' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    plot 'randread-cached_tmpfs-cpu.dat' index 0 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 1 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c2 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 2 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c3 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 3 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 4 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 5 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c7 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 6 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 7 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 8 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 9 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 10 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c2 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 11 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c3 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 12 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 13 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 14 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 15 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 0 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 1 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 2 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 3 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 4 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 5 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 6 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 7 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 8 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 9 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 10 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 11 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 12 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 13 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 14 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 15 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5
    unset label
    unset arrow
    set lmargin at screen 0.36921
    set rmargin at screen 0.88873
    set tmargin at screen 0.51309
    set bmargin at screen 0.18877
    unset logscale x
    set xrange [0:390448.68]
    set xtics ('0' 0, '100 µs' 100000, '200 µs' 200000, '300 µs' 300000) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [15.5:-0.5]
    set ytics ('fio:libaio' 15, 'fio:io_uring+force_async=1 !' 14, 'fio:io_uring !' 13, 'fio:psync' 12, 'uring_defer !' 11, 'uring_sqpoll' 10, 'uring_async !' 9, 'uring' 8, 'acall_pool' 7, 'acall !' 6, 'hashed !' 5, 'punt !' 4, 'sqwq !' 3, 'handoff' 2, 'sqthread' 1, 'inline' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    plot 'randread-cached_tmpfs-cpu.dat' index 16 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 17 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c2 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 18 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c3 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 19 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 20 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 21 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c7 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 22 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 23 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.85 border, \
        'randread-cached_tmpfs-cpu.dat' index 24 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 25 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 26 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c2 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 27 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c3 fillstyle transparent solid 0.35 border, \
        'randread-cached_tmpfs-cpu.dat' index 28 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c1 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 29 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c4 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 30 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c6 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 31 using 1:2:(0):1:($2-0.36):($2+0.36) with boxxyerror linecolor rgb c8 fillstyle transparent solid 0.12 border, \
        'randread-cached_tmpfs-cpu.dat' index 16 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 17 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 18 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 19 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 20 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 21 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 22 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 23 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 24 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 25 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 26 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 27 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 28 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 29 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 30 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5, \
        'randread-cached_tmpfs-cpu.dat' index 31 using 3:2:($4-$3):(0) with vectors nohead linecolor rgb ink dashtype 1 linewidth 1.5
    unset label
    unset arrow
    unset multiplot
    unset output
}
